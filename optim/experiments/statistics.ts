/** Statistics over the seeds of a study. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import type { EpochRecord } from '../outcome.js';
import { keptEpoch } from '../validation.js';
import type { Quantity } from './published.js';

/** A mean over runs. */
export interface Estimate {
  readonly mean: number;
  /** Sample standard deviation (divided by n − 1); none for a single value. */
  readonly deviation: O.Option<number>;
  readonly count: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Mean and sample standard deviation; none of no values. */
export const estimate = (values: readonly number[]): O.Option<Estimate> => {
  const count = values.length;
  if (count === 0) return O.none;
  const mean = sum(values) / count;
  const squares = sum(values.map((value) => (value - mean) ** 2));
  return O.some({ mean, deviation: count === 1 ? O.none : O.some(Math.sqrt(squares / (count - 1))), count });
};

/**
 * The epoch whose parameters a run would keep after so many seconds of training: the last that it had completed, or, with
 * validation data, the best on them.
 */
export const recordAtSeconds = (history: readonly EpochRecord[], seconds: number): O.Option<EpochRecord> =>
  O.fromNullable(keptEpoch(history.filter((record) => record.seconds <= seconds)));

/** The record of an epoch. */
export const recordAtEpoch = (history: readonly EpochRecord[], epoch: number): O.Option<EpochRecord> =>
  O.fromNullable(history.find((record) => record.epoch === epoch));

/** The means of several runs' records of one moment. */
export interface Moment {
  readonly value: Estimate;
  readonly epochs: Estimate;
  readonly seconds: Estimate;
}

/** The moment that a function picks from each history, where any history has it and holds the quantity. */
export const moment = (
  histories: readonly (readonly EpochRecord[])[],
  pick: (history: readonly EpochRecord[]) => O.Option<EpochRecord>,
  quantity: Quantity,
): O.Option<Moment> => {
  const records = histories.flatMap((history) => {
    const record = O.toUndefined(pick(history));
    const value = record?.[quantity];
    return record === undefined || value === undefined ? [] : [{ ...record, value }];
  });
  return pipe(
    O.Do,
    O.bind('value', () => estimate(records.map(({ value }) => value))),
    O.bind('epochs', () => estimate(records.map(({ epoch }) => epoch))),
    O.bind('seconds', () => estimate(records.map(({ seconds }) => seconds))),
  );
};

/** The means over the runs after each of their epochs, for as long as all of them went: a curve. */
export const curve = (histories: readonly (readonly EpochRecord[])[], quantity: Quantity): readonly Moment[] => {
  const [first = []] = [...histories].sort((one, other) => one.length - other.length);
  return first.flatMap((_, i) => {
    const at = moment(histories, (history) => O.fromNullable(history[i]), quantity);
    return O.isSome(at) ? [at.value] : [];
  });
};
