/**
 * Broken invariants. A user's mistake is a value; what can only be our own mistake stops with an error that says where,
 * so that no wrong number comes of it. `values[i] ?? internal(place, …)` costs hot loops what a default value would.
 */

/** Stops at a broken invariant: throws `internal: <place>: <what is wrong>`. */
export const internal = (place: string, what: string): never => {
  throw new Error(`internal: ${place}: ${what}`);
};

/** The element at a position that the list must have. */
export const at = <T>(values: ArrayLike<T>, index: number, place: string): T =>
  values[index] ?? internal(place, `nothing at ${index} of ${values.length}`);

/** The value that a table must have for a key. */
export const lookup = <K, V>(
  table: { readonly get: (key: K) => V | undefined },
  key: K,
  place: string,
): V & NonNullable<unknown> => table.get(key) ?? internal(place, `nothing is known of ${String(key)}`);

/** The only element of a list that must have one. */
export const only = <T>(values: readonly T[], place: string): T =>
  values.length === 1 ? at(values, 0, place) : internal(place, `${values.length} values where one is due`);

/** Two lists of equal lengths, as pairs. */
export const zip = <A, B>(as: readonly A[], bs: readonly B[], place: string): readonly (readonly [A, B])[] =>
  as.length === bs.length
    ? as.map((a, i) => [a, at(bs, i, place)])
    : internal(place, `${as.length} values beside ${bs.length}`);
