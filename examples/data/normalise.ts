/**
 * From bytes to network inputs. To need no second copy of a data set, its bytes are read into the tail of the float
 * array that they become, and turned into floats from the front: float i fills bytes 4i … 4i + 3 and never runs over a
 * byte that is still to be read.
 */

/** The last `bytes` bytes of the floats' memory; needs bytes ≤ 4 · values.length. */
export const rawTail = (values: Float32Array, bytes: number): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset + values.byteLength - bytes, bytes);

/** Writes `length` normalised pixels from `bytes` at `from` to `out` at `to`, in ascending order. */
export type Normalise = (bytes: Uint8Array, from: number, length: number, out: Float32Array, to: number) => void;

/** x / 255, into [0, 1]. */
export const byLargestByte: Normalise = (bytes, from, length, out, to) => {
  for (let i = 0; i < length; i++) {
    out[to + i] = (bytes[from + i] ?? 0) / 255;
  }
};

/**
 * (x − mean) / std over the `length` pixels, with the population's standard deviation. A constant image becomes zeros.
 * Sums of bytes are exact integers: mean = Σx / n, variance = (n Σx² − (Σx)²) / n².
 */
export const standardise: Normalise = (bytes, from, length, out, to) => {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < length; i++) {
    const x = bytes[from + i] ?? 0;
    sum += x;
    squares += x * x;
  }
  const mean = sum / length;
  const deviation = Math.sqrt(length * squares - sum * sum) / length;
  const scale = deviation === 0 ? 0 : 1 / deviation;
  for (let i = 0; i < length; i++) {
    out[to + i] = ((bytes[from + i] ?? 0) - mean) * scale;
  }
};
