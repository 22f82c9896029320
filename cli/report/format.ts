/** Numbers as reports write them. */
import * as O from 'fp-ts/lib/Option.js';
import type { Estimate, Quantity } from '../../optim/index.js';

/** What stands for a number that there is not. */
export const absent = '–';

/** Three significant digits; very small and very large numbers with an exponent. */
export const number = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(2)
    : `${+value.toPrecision(3)}`;

/** A quantity's name with its unit. */
export const quantityNames: { readonly [Q in Quantity]: string } = {
  testAccuracy: 'test accuracy (%)',
  testLoss: 'test loss',
  trainLoss: 'train loss',
};

/** A value of a quantity: shares as percent. */
export const quantityValue = (quantity: Quantity, value: number, digits = 1): string =>
  quantity === 'testAccuracy' ? (100 * value).toFixed(digits) : number(value);

/** mean ± sample deviation, as far as there is one. */
export const plusMinus = ({ mean, deviation }: Estimate, show: (value: number) => string): string =>
  O.isSome(deviation) ? `${show(mean)} ± ${show(deviation.value)}` : show(mean);

/** An estimate of a quantity. */
export const quantityEstimate = (quantity: Quantity, value: Estimate): string =>
  plusMinus(value, (one) => quantityValue(quantity, one, 2));

/** Epochs, with a digit where a mean or a run that ended inside one needs it. */
export const epochs = (value: number): string => (Number.isInteger(value) ? `${value}` : value.toFixed(1));
