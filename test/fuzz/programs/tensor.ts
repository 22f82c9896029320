/** Arrays of numbers known up to an error, and walks over their indices. */

/** A row-major array of `value ± error`. */
export interface Tensor {
  readonly extents: readonly number[];
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

/** Π extents. */
export const countOf = (extents: readonly number[]): number => extents.reduce((product, extent) => product * extent, 1);

/** Exact values of some extents. */
export const exact = (extents: readonly number[], values: ArrayLike<number>): Tensor => ({
  extents,
  values: Float64Array.from(values),
  errors: new Float64Array(values.length),
});

/** How far apart neighbours along each axis lie. */
export const steps = (extents: readonly number[]): readonly number[] => {
  const list: number[] = [];
  let step = 1;
  for (const extent of extents.toReversed()) {
    list.unshift(step);
    step *= extent;
  }
  return list;
};

/** The place of an index; undefined where it lies outside. */
export const placeOf = (extents: readonly number[], index: readonly number[]): number | undefined => {
  let place = 0;
  for (const [axis, extent] of extents.entries()) {
    const i = Number(index[axis]);
    if (!(i >= 0 && i < extent)) return undefined;
    place = place * extent + i;
  }
  return place;
};

/** Calls `visit` with every index, the last axis fastest. */
export const forIndices = (extents: readonly number[], visit: (index: readonly number[]) => void): void => {
  const index = extents.map(() => 0);
  const rise = (axis: number): void => {
    if (axis === extents.length) {
      visit(index);
      return;
    }
    for (let i = 0; i < Number(extents[axis]); i += 1) {
      index[axis] = i;
      rise(axis + 1);
    }
  };
  rise(0);
};

/** Two places for every index; each place moves by its own step along each axis. */
export const placesOf = (
  extents: readonly number[],
  first: readonly number[],
  second: readonly number[],
): { readonly first: Int32Array; readonly second: Int32Array } => {
  const places = { first: new Int32Array(countOf(extents)), second: new Int32Array(countOf(extents)) };
  let count = 0;
  const rise = (axis: number, a: number, b: number): void => {
    if (axis === extents.length) {
      places.first[count] = a;
      places.second[count] = b;
      count += 1;
      return;
    }
    const [extent, da, db] = [Number(extents[axis]), Number(first[axis]), Number(second[axis])];
    for (let i = 0; i < extent; i += 1) rise(axis + 1, a + i * da, b + i * db);
  };
  rise(0, 0, 0);
  return places;
};

/** The array whose element at each index is the operand's at `source(index)`, or 0 where that is undefined or outside. */
export const gathered = (
  operand: Tensor,
  extents: readonly number[],
  source: (index: readonly number[]) => readonly number[] | undefined,
): Tensor => {
  const [values, errors] = [new Float64Array(countOf(extents)), new Float64Array(countOf(extents))];
  let place = 0;
  forIndices(extents, (index) => {
    const from = source(index);
    const found = from === undefined ? undefined : placeOf(operand.extents, from);
    if (found !== undefined) {
      values[place] = Number(operand.values[found]);
      errors[place] = Number(operand.errors[found]);
    }
    place += 1;
  });
  return { extents, values, errors };
};
