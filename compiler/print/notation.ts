/**
 * How a node is written in each style, given the notation of its operands. Repetition along missing axes is implied,
 * as in NumPy; every statement of a listing carries its shape.
 */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf, Op, WindowAxis } from '../../dsl/node.js';
import { sameShape } from '../../dsl/shape.js';
import { latexText, latexWord } from './escape.js';
import type { Style } from './name.js';
import { nameOf, showName } from './name.js';
import { isConstant } from './names.js';
import {
  disjointWindows,
  joinedSizes,
  pooled,
  reshapedWindows,
  type Unpooled,
  unpooledPad,
  unpooledSplit,
  unpooledWindows,
  windowsText,
} from './pools.js';
import { atom, bracketed, type Piece, precedence, scalarNotation } from './scalars.js';
import { addedConvolution, type Convolution, contractedConvolution, type IsNamed } from './windows.js';

type Of = (operand: Expr) => Piece;

type Write<O extends Op> = (node: NodeOf<O>, style: Style, of: Of, isNamed: IsNamed) => Piece;

const latexSubscript = (text: string): string => (/^[\d,:]*$/.test(text) ? text : `\\text{${latexText(text)}}`);

const call = (style: Style, name: string, subscript: string, operand: Piece, superscript = ''): Piece => {
  if (style === 'latex') {
    const small = subscript === '' ? '' : `_{${latexSubscript(subscript)}}`;
    return atom(`\\operatorname{${name}}${small}${superscript}\\left(${operand.text}\\right)`);
  }
  return atom(`${name}${superscript}${subscript === '' ? '' : `[${subscript}]`}(${operand.text})`);
};

/** Constants, to six digits where they do not come out even. */
const number = (value: number, style: Style): Piece => {
  const plain = String(Number(value.toPrecision(6)));
  const sign = value < 0 ? precedence.sum : precedence.atom;
  if (style !== 'latex') return { text: plain.replaceAll('-', '−'), binds: sign };
  const mark = plain.indexOf('e');
  if (mark < 0) return { text: plain, binds: sign };
  const [digits, exponent] = [plain.slice(0, mark), plain.slice(mark + 1)];
  const power = `10^{${Number(exponent)}}`;
  if (digits === '1') return { text: power, binds: precedence.power };
  return { text: `${digits} \\cdot ${power}`, binds: Math.min(sign, precedence.product) };
};

const product = (style: Style, left: string, right: string): Piece => ({
  text: style === 'text' ? `${left} · ${right}` : style === 'math' ? `${left} ${right}` : `${left}\\,${right}`,
  binds: precedence.contraction,
});

const transposed = (style: Style, piece: Piece): string =>
  `${bracketed(piece, precedence.atom)}${style === 'latex' ? '^\\top' : 'ᵀ'}`;

const letters = (labels: readonly number[]): string => labels.map((label) => String.fromCharCode(97 + label)).join('');

/** `batch i → …`: the equation of a contraction with one letter per axis. */
const equationOf = ({ leftLabels, rightLabels, output }: NodeOf<'contract'>): string =>
  `${letters(leftLabels)},${letters(rightLabels)}→${letters(output)}`;

/** Matrix products by equation: which operand is transposed. Everything else is written as an einsum. */
const matrixProducts: Readonly<Record<string, readonly [boolean, boolean]>> = {
  'ab,bc→ac': [false, false],
  'ab,cb→ac': [false, true],
  'ab,ac→bc': [true, false],
  'ab,b→a': [false, false],
  'a,ab→b': [true, false],
  'a,a→': [true, false],
};

// W ⋆ x, W ⋆ᵀ δ and δ ⋆[batch] x
const convolution = ({ kind, left, right, options }: Convolution, style: Style, of: Of): Piece => {
  const [a, b] = [left, right].map((operand) => bracketed(of(operand), precedence.power));
  const list = options.join(', ');
  const transposes = kind === 'transposeInImage';
  const symbol =
    style === 'latex'
      ? `\\star${transposes ? '^{\\top}' : ''}${list === '' ? '' : `_{\\text{${latexText(list)}}}`}`
      : `⋆${transposes ? 'ᵀ' : ''}${list === '' ? '' : `[${list}]`}`;
  return { text: `${a} ${symbol} ${b}`, binds: precedence.contraction };
};

const contraction: Write<'contract'> = (node, style, of, isNamed) => {
  const found = style === 'text' ? undefined : contractedConvolution(node, isNamed);
  if (found !== undefined) return convolution(found, style, of);
  const equation = equationOf(node);
  const [left, right] = [of(node.left), of(node.right)];
  const form = matrixProducts[equation];
  if (form === undefined) {
    const list = `${left.text}, ${right.text}`;
    return style === 'latex'
      ? atom(`\\operatorname{einsum}_{${equation.replace('→', '\\to ')}}\\left(${list}\\right)`)
      : atom(`einsum[${equation}](${list})`);
  }
  const side = (piece: Piece, flip: boolean) => (flip ? transposed(style, piece) : bracketed(piece, precedence.power));
  return product(style, side(left, form[0]), side(right, form[1]));
};

const folds: Readonly<Record<NodeOf<'reduce'>['kind'], Readonly<Record<Style, string>>>> = {
  sum: { text: 'sum', math: 'Σ', latex: '\\sum' },
  max: { text: 'max', math: 'max', latex: '\\max' },
  argmax: { text: 'argmax', math: 'argmax', latex: '\\operatorname{argmax}' },
};

const axisName = (operand: Expr, axis: number): string => {
  const dim = operand.shape[axis];
  return typeof dim === 'string' ? dim : `axis ${axis}`;
};

// maxpool₂(a); its transpose sumpool₂ᵀ(δ)
const pool = (style: Style, name: string, windows: string, operand: Piece, transposes = false): Piece => {
  const mark = transposes ? (style === 'latex' ? '^{\\top}' : 'ᵀ') : '';
  const size = /^\d+$/.test(windows);
  return size && style === 'math'
    ? atom(`${showName({ base: name, index: windows, accent: 'none' }, style)}${mark}(${operand.text})`)
    : call(style, name, windows, operand, mark);
};

// Σ over named axes; without a subscript over all
const fold: Write<'reduce'> = (node, style, of, isNamed) => {
  const { kind, operand, axes } = node;
  const found = style === 'text' || kind === 'argmax' ? undefined : pooled(node, isNamed);
  if (found !== undefined) return pool(style, `${kind}pool`, found.windows, of(found.image));
  const over = axes.length === operand.shape.length ? '' : axes.map((axis) => axisName(operand, axis)).join(', ');
  const inner = of(operand).text;
  const symbol = folds[kind][style];
  if (style !== 'latex') return atom(`${symbol}${over === '' ? '' : `[${over}]`}(${inner})`);
  return atom(`${symbol}${over === '' ? '' : `_{\\text{${latexText(over)}}}`}\\left(${inner}\\right)`);
};

const windowText = (axes: readonly Pick<WindowAxis, 'size' | 'stride'>[]): string => {
  const sizes = axes.map(({ size }) => size).join('×');
  const strides = axes.map(({ stride }) => stride);
  return strides.every((stride) => stride === 1) ? sizes : `${sizes}/${strides.join('×')}`;
};

const overlapAdd = ({ operand, repeats, windows }: Unpooled, style: Style, of: Of, isNamed: IsNamed): Piece => {
  if (repeats) return pool(style, 'sumpool', windowsText(windows), of(operand), true);
  const found = addedConvolution(operand, windows, isNamed);
  return found === undefined
    ? call(style, 'overlapAdd', windowText(windows), of(operand))
    : convolution(found, style, of);
};

const windowAdjoint: Write<'windowAdjoint'> = (node, style, of, isNamed) =>
  style === 'text'
    ? call(style, 'overlapAdd', windowText(node.windows), of(node.operand))
    : overlapAdd(unpooledWindows(node, isNamed), style, of, isNamed);

/** An array […, p₁, k₁, p₂, k₂] of windows as the image that they are put together to, if it can be written so. */
const joined = (
  split: Expr,
  image: Expr['shape'],
  sizes: readonly number[],
  style: Style,
  of: Of,
  isNamed: IsNamed,
) => {
  const write = (expr: Expr): Piece | undefined => {
    if (isConstant(expr)) return of(expr);
    const whole = reshapedWindows(expr, isNamed)?.image;
    if (whole !== undefined && sameShape(whole.shape, image)) return of(whole);
    const found = unpooledSplit(expr, sizes, isNamed);
    if (found !== undefined) return overlapAdd(found, style, of, isNamed);
    if (expr.node.op !== 'map' || isNamed(expr)) return undefined;
    const operands = expr.node.operands.flatMap((operand) => write(operand) ?? []);
    return operands.length === expr.node.operands.length ? scalarNotation[expr.node.fn](style, operands) : undefined;
  };
  return write(split);
};

const reshaping: Write<'reshape'> = (node, style, of, isNamed) => {
  const { operand, shape } = node;
  const sizes = style === 'text' ? undefined : joinedSizes(node);
  const whole = sizes && joined(operand, shape, sizes, style, of, isNamed);
  if (whole !== undefined) return whole;
  return shape.length === 1
    ? call(style, 'vec', '', of(operand))
    : call(style, 'reshape', shape.join('×'), of(operand));
};

const padding: Write<'pad'> = (node, style, of, isNamed) => {
  const found = style === 'text' ? undefined : unpooledPad(node, isNamed);
  if (found !== undefined) return overlapAdd(found, style, of, isNamed);
  const { operand, axis, before, after } = node;
  return call(style, 'pad', `${axis}:${before},${after}`, of(operand));
};

const spelled = ({ name }: NodeOf<'input' | 'parameter' | 'variable'>, style: Style): Piece =>
  atom(showName(nameOf(name), style));

// while proceed: variable ← next, from initial
const loop: Write<'iterate'> = ({ variables, initial, next, proceed }, style, of) => {
  const round = (variable: Expr, i: number): readonly string[] =>
    [variable, next[i], initial[i]].map((expr) => (expr === undefined ? '' : of(expr).text));
  const rounds = variables.map(round);
  if (style !== 'latex')
    return atom(
      `while ${of(proceed).text}: ${rounds.map(([name, to, from]) => `${name} ← ${to} (from ${from})`).join('; ')}`,
    );
  const lines = rounds.map(([name, to, from]) => `&${name} \\leftarrow ${to} \\quad (\\text{from } ${from})`);
  return atom(
    `\\begin{aligned}[t]&\\text{while } ${of(proceed).text}\\text{:} \\\\ ${lines.join(' \\\\ ')}\\end{aligned}`,
  );
};

/** Is a repetition, its axes moved, one again? Those of what is repeated are still in their order. */
const isRepetition = ({ axes }: NodeOf<'broadcast'>, permutation: readonly number[]): boolean => {
  const moved = axes.map((axis) => permutation.indexOf(axis));
  return moved.every((axis, i) => i === 0 || axis > at(moved, i - 1, 'isRepetition'));
};

const transposition: Write<'transpose'> = (node, style, of, isNamed) => {
  const { operand, permutation } = node;
  if (operand.node.op === 'broadcast' && !isNamed(operand) && isRepetition(operand.node, permutation))
    return of(operand);
  const split = style === 'text' ? undefined : disjointWindows(node, isNamed);
  if (split !== undefined) {
    const axes = split.sizes.map((size) => ({ size, stride: size }));
    return call(style, 'windows', windowText(axes), of(split.image));
  }
  return permutation.length === 2
    ? // LaTeX knows no second superscript
      { text: transposed(style, of(operand)), binds: style === 'latex' ? precedence.power : precedence.atom }
    : call(style, 'transpose', permutation.join(','), of(operand));
};

/** The notation of every primitive. */
const notations: { readonly [O in Op]: Write<O> } = {
  literal: ({ value }, style) => number(value, style),
  size: ({ dim }, style) => (style === 'latex' ? atom(`|${latexWord(dim)}|`) : atom(`|${dim}|`)),
  iota: ({ dim }, style) => {
    if (style !== 'latex') return atom(`iota[${dim}]`);
    return atom(`(0, \\ldots, ${typeof dim === 'number' ? dim - 1 : `|${latexWord(dim)}| - 1`})`);
  },
  input: spelled,
  parameter: spelled,
  variable: spelled,
  map: ({ fn, operands }, style, of) => scalarNotation[fn](style, operands.map(of)),
  contract: contraction,
  reduce: fold,
  broadcast: ({ operand }, _, of) => of(operand),
  transpose: transposition,
  reshape: reshaping,
  slice: ({ operand, axis, start, stop }, style, of) => {
    const range = `${start}…${stop - 1}`;
    const place = axis === 0 ? range : `${axis}:${range}`;
    return atom(
      style === 'latex'
        ? `{${bracketed(of(operand), precedence.atom)}}_{[${place.replace('…', ' \\ldots ')}]}`
        : `${bracketed(of(operand), precedence.atom)}[${place}]`,
    );
  },
  pad: padding,
  concat: ({ operands, axis }, style, of) => {
    const list = operands.map((operand) => of(operand).text).join('; ');
    const place = axis === 0 ? '' : `${axis}: `;
    return atom(style === 'latex' ? `\\left[${place}${list}\\right]` : `[${place}${list}]`);
  },
  window: ({ operand, windows }, style, of) => call(style, 'windows', windowText(windows), of(operand)),
  windowAdjoint,
  stopGradient: ({ operand }, style, of) => call(style, 'stopGradient', '', of(operand)),
  iterate: loop,
  result: ({ iterate, index }, style, of) => {
    const variable = iterate.node.op === 'iterate' ? iterate.node.variables[index] : undefined;
    const text = variable === undefined ? '' : of(variable).text;
    return atom(style === 'latex' ? `{{${text}}^{\\mathrm{end}}}` : `${text}·end`);
  },
  invalid: ({ error }, style) =>
    atom(style === 'latex' ? `\\text{invalid ${latexText(error.operation)}}` : `invalid ${error.operation}`),
};

/** The row of a primitive; TypeScript cannot follow that it takes the node of its own `op` (a correlated union). */
const rowOf = (op: Op): Write<Op> => notations[op] as unknown as Write<Op>;

/** Writes one node over the notation of its operands; operands that have a name are not looked into. */
export const writeNode = (expr: Expr, style: Style, of: Of, isNamed: IsNamed): Piece =>
  rowOf(expr.node.op)(expr.node, style, of, isNamed);
