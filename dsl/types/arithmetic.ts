/**
 * Arithmetic of literal sizes in types, on digits as in school, so that its cost grows with the number of digits.
 * Within this file a number is the string of its digits, the least significant first: `'487'` is 784. Operands that
 * are not literal natural numbers give the wide `number`.
 */

/** A digit as a tuple of that length. */
interface Units {
  readonly 0: [];
  readonly 1: [0];
  readonly 2: [0, 0];
  readonly 3: [0, 0, 0];
  readonly 4: [0, 0, 0, 0];
  readonly 5: [0, 0, 0, 0, 0];
  readonly 6: [0, 0, 0, 0, 0, 0];
  readonly 7: [0, 0, 0, 0, 0, 0, 0];
  readonly 8: [0, 0, 0, 0, 0, 0, 0, 0];
  readonly 9: [0, 0, 0, 0, 0, 0, 0, 0, 0];
}

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type UnitsOf<D> = D extends `${infer N extends keyof Units}` ? Units[N] : [];

type Count<A extends unknown[], B extends unknown[], C extends unknown[]> = [...A, ...B, ...C]['length'];

/** What a digit lacks to nine. */
type Complement = { 0: '9'; 1: '8'; 2: '7'; 3: '6'; 4: '5'; 5: '4'; 6: '3'; 7: '2'; 8: '1'; 9: '0' };
type ComplementOf<D> = D extends `${infer N extends keyof Complement}` ? Complement[N] : '9';

/** The last digit of 0 … 19, and its first. */
type Ones = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
type Tens = ['0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '1', '1', '1', '1', '1', '1', '1', '1', '1', '1'];

/** The digits of a literal natural number; `never` for any other. */
type Digits<N extends number, Rest = `${N}`, Done extends string = ''> = Rest extends ''
  ? Done
  : Rest extends `${infer D extends Digit}${infer More}`
    ? Digits<N, More, `${D}${Done}`>
    : never;

type Reversed<S, Done extends string = ''> = S extends `${infer D}${infer More}` ? Reversed<More, `${D}${Done}`> : Done;

/** Without leading zeros, of digits from the most significant one on. */
type Trimmed<S> = S extends `0${infer More}` ? (More extends '' ? S : Trimmed<More>) : S;

type ToNumber<S> = Trimmed<Reversed<S>> extends `${infer N extends number}` ? N : number;

type Split<S> = S extends `${infer D}${infer More}` ? [D, More] : ['0', ''];

type Prepend<D extends string, Rest> = Rest extends string ? `${D}${Rest}` : never;

type AddDigits<A, B, Carry extends string = '0', Done extends string = ''> = [A, B] extends ['', '']
  ? Carry extends '0'
    ? Done
    : `${Done}${Carry}`
  : Count<UnitsOf<Split<A>[0]>, UnitsOf<Split<B>[0]>, UnitsOf<Carry>> extends infer N extends number
    ? AddDigits<Split<A>[1], Split<B>[1], Tens[N] & string, `${Done}${Ones[N] & string}`>
    : never;

/** a − b by adding the complement; `never` where b is larger. */
type SubtractDigits<A, B, Carry extends string = '1', Done extends string = ''> = [A, B] extends ['', '']
  ? Carry extends '0'
    ? never
    : Done
  : Count<UnitsOf<Split<A>[0]>, UnitsOf<ComplementOf<Split<B>[0]>>, UnitsOf<Carry>> extends infer N extends number
    ? SubtractDigits<Split<A>[1], Split<B>[1], Tens[N] & string, `${Done}${Ones[N] & string}`>
    : never;

/** total + times · a. */
type AddTimes<Total, A, Times> = Times extends [unknown, ...infer Rest]
  ? AddTimes<AddDigits<Total, A>, A, Rest>
  : Total;

/** a · b, taking the digits of `b` from the most significant one on. */
type MultiplyDigits<A, B, Total = ''> = B extends `${infer D}${infer More}`
  ? MultiplyDigits<A, More, AddTimes<Prepend<'0', Total>, A, UnitsOf<D>>>
  : Total;

/** How often `b` can be taken from `a`, and what is left. */
type TakeAway<A, B, Count extends unknown[] = []> = [SubtractDigits<A, B>] extends [never]
  ? [`${Count['length']}`, A]
  : Count['length'] extends 9
    ? [`${Count['length']}`, A]
    : TakeAway<SubtractDigits<A, B>, B, [...Count, 0]>;

/** Long division: the digits of `a` from the most significant one on. */
type DivideDigits<A, B, Left = '', Done extends string = ''> = A extends `${infer D}${infer More}`
  ? TakeAway<Prepend<D, Left>, B> extends [infer Q extends string, infer R]
    ? DivideDigits<More, B, R, `${Done}${Q}`>
    : never
  : Done;

/** Are all of them literal natural numbers? */
type Known<A extends number, B extends number> = [Digits<A>] extends [never]
  ? false
  : [Digits<B>] extends [never]
    ? false
    : true;

/** a + b. */
export type Sum<A extends number, B extends number> =
  Known<A, B> extends true ? ToNumber<AddDigits<Digits<A>, Digits<B>>> : number;

/** a − b; `never` where b is larger. */
export type Difference<A extends number, B extends number> =
  Known<A, B> extends true
    ? SubtractDigits<Digits<A>, Digits<B>> extends infer D extends string
      ? [D] extends [never]
        ? never
        : ToNumber<D>
      : never
    : number;

/** a · b. */
export type Product<A extends number, B extends number> = A extends 1
  ? B
  : B extends 1
    ? A
    : Known<A, B> extends true
      ? ToNumber<MultiplyDigits<Digits<A>, `${B}`>>
      : number;

/** ⌊a / b⌋ for b ≥ 1. */
export type Quotient<A extends number, B extends number> = B extends 1
  ? A
  : B extends 0
    ? number
    : Known<A, B> extends true
      ? Trimmed<DivideDigits<`${A}`, Digits<B>>> extends `${infer N extends number}`
        ? N
        : number
      : number;
