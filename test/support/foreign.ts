/** A value as JavaScript gives it, where no type is checked: the one cast of tests about what does not hold its type. */
export const foreign = <T>(value: unknown): T => value as T;
