/** The summary of a run: how it ended and what it reached, as its folder keeps it. */
import { z } from 'zod';
import { type OptimizerState, showOptimizerError } from '../optimizer.js';
import type { Outcome } from '../outcome.js';
import type { Run } from '../run.js';
import { keptEpoch } from '../validation.js';

/** The schema of `summary.json`. */
export const summarySchema = z.strictObject({
  ending: z.enum(['Epochs', 'Seconds', 'Interrupted', 'Failed']),
  /** Why the run failed. */
  error: z.exactOptional(z.string()),
  /** Completed epochs; a fraction where the run ended inside one. */
  epochs: z.number().min(0),
  /** Seconds of training, without the time of measuring. */
  seconds: z.number().min(0),
  /** Completed optimizer steps. */
  steps: z.int().min(0),
  /** The epoch whose parameters are kept and whose values follow, where it was chosen on validation data. */
  keptEpoch: z.exactOptional(z.number().positive()),
  trainLoss: z.exactOptional(z.number()),
  testLoss: z.exactOptional(z.number()),
  testAccuracy: z.exactOptional(z.number()),
  target: z.string(),
  /** The device or engine behind the target. */
  device: z.string(),
  /** When the run ended, as ISO 8601. */
  date: z.string(),
});

/** A run's end. */
export type Summary = Readonly<z.output<typeof summarySchema>>;

/** The summary of a run that ended at `date`. */
export const summaryOf = (
  { target }: Pick<Run, 'target'>,
  { progress, ending }: Outcome<OptimizerState>,
  date: Date,
): Summary => {
  const kept = keptEpoch(progress.history);
  return {
    ending: ending._tag,
    ...(ending._tag === 'Failed' ? { error: showOptimizerError(ending.error) } : {}),
    epochs: progress.history.at(-1)?.epoch ?? 0,
    seconds: progress.seconds,
    steps: progress.state.step,
    ...(kept === undefined || progress.best === undefined ? {} : { keptEpoch: kept.epoch }),
    ...(kept === undefined ? {} : { trainLoss: kept.trainLoss }),
    ...(kept?.testLoss === undefined ? {} : { testLoss: kept.testLoss }),
    ...(kept?.testAccuracy === undefined ? {} : { testAccuracy: kept.testAccuracy }),
    target: target.name,
    device: target.description,
    date: date.toISOString(),
  };
};
