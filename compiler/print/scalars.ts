/** How the scalar functions are written in each style. */
import { internal } from '../../dsl/internal.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import type { Style } from './name.js';

/** How tightly a piece of notation binds; what binds more loosely than its place is bracketed. */
export const precedence = { sum: 1, contraction: 2, product: 3, power: 4, atom: 5 } as const;

/** A piece of notation. */
export interface Piece {
  readonly text: string;
  readonly binds: number;
}

/** A piece that is never bracketed. */
export const atom = (text: string): Piece => ({ text, binds: precedence.atom });

/** The text of a piece at a place that asks for at least `least`. */
export const bracketed = (piece: Piece, least: number): string =>
  piece.binds < least ? `(${piece.text})` : piece.text;

type Write = (style: Style, operands: readonly Piece[]) => Piece;

const missing = (): never => internal('scalarNotation', 'an operand is missing');

const infix =
  (symbols: Readonly<Record<Style, string>>, binds: number, { chain = true } = {}): Write =>
  (style, [left = missing(), right = missing()]) => ({
    text: `${bracketed(left, binds)} ${symbols[style]} ${bracketed(right, chain ? binds : binds + 1)}`,
    binds,
  });

const everywhere = (symbol: string): Readonly<Record<Style, string>> => ({ text: symbol, math: symbol, latex: symbol });

const call =
  (names: Readonly<Record<Style, string>>): Write =>
  (style, operands) => {
    const list = operands.map(({ text }) => text).join(', ');
    return atom(style === 'latex' ? `${names.latex}\\left(${list}\\right)` : `${names[style]}(${list})`);
  };

const named = (name: string): Write => call({ text: name, math: name, latex: `\\operatorname{${name}}` });

// [x < y]: 1 where it holds, else 0
const indicator =
  (symbol: string): Write =>
  (_, [left = missing(), right = missing()]) =>
    atom(`[${bracketed(left, precedence.sum)} ${symbol} ${bracketed(right, precedence.sum)}]`);

/** The notation of every scalar function. */
export const scalarNotation: { readonly [F in ScalarFunction]: Write } = {
  neg: (style, [x = missing()]) => ({
    text: `${style === 'latex' ? '-' : '−'}${bracketed(x, precedence.product)}`,
    binds: precedence.sum,
  }),
  abs: (style, [x = missing()]) => atom(style === 'latex' ? `\\left|${x.text}\\right|` : `|${x.text}|`),
  exp: call({ text: 'exp', math: 'exp', latex: '\\exp' }),
  log: call({ text: 'log', math: 'ln', latex: '\\ln' }),
  sqrt: (style, [x = missing()]) => {
    if (style === 'latex') return atom(`\\sqrt{${x.text}}`);
    return atom(style === 'text' ? `sqrt(${x.text})` : `√(${x.text})`);
  },
  tanh: call({ text: 'tanh', math: 'tanh', latex: '\\tanh' }),
  sigmoid: call({ text: 'sigmoid', math: 'σ', latex: '\\sigma' }),
  softplus: named('softplus'),
  isFinite: named('finite'),
  add: infix(everywhere('+'), precedence.sum),
  sub: infix({ text: '−', math: '−', latex: '-' }, precedence.sum, { chain: false }),
  mul: infix({ text: '⊙', math: '⊙', latex: '\\odot' }, precedence.product),
  div: (style, [left = missing(), right = missing()]) =>
    style === 'latex'
      ? atom(`\\frac{${left.text}}{${right.text}}`)
      : infix(everywhere('/'), precedence.product, { chain: false })(style, [left, right]),
  max: call({ text: 'max', math: 'max', latex: '\\max' }),
  min: call({ text: 'min', math: 'min', latex: '\\min' }),
  less: indicator('<'),
  equal: indicator('='),
  pow: (style, [x = missing(), p = missing()]) => ({
    text:
      style === 'latex'
        ? `{${bracketed(x, precedence.atom)}}^{${p.text}}`
        : `${bracketed(x, precedence.atom)}^${bracketed(p, precedence.atom)}`,
    binds: precedence.power,
  }),
  select: (style, [c = missing(), x = missing(), y = missing()]) =>
    style === 'latex'
      ? atom(`\\begin{cases}${x.text} & ${c.text} \\neq 0\\\\ {}${y.text} & \\text{else}\\end{cases}`)
      : atom(`(${c.text} ? ${x.text} : ${y.text})`),
};
