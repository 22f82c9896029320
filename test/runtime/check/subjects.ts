/** Small models in which every rule has something to do. */
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import {
  type Expr,
  input,
  iterate,
  less,
  meanSquaredError,
  parameter,
  parameterSpace,
  primitives,
  type ScalarFunction,
  softmaxCrossEntropy,
  typed,
} from '../../../dsl/index.js';
import { rightOf } from '../../support/evaluation.js';

const { broadcastTo, concat, contract, literal, map, pad, reduce, reshape, slice, transpose, windowAdjoint, windowed } =
  primitives;

const modelOf = (name: string, output: Expr, loss: (z: Expr) => Expr): InspectedModel => ({
  name,
  output,
  loss,
  parameters: rightOf(parameterSpace([output])),
});

const sum = (terms: readonly Expr[]): Expr => terms.reduce((total, term) => map('add', total, term));

const x = input('x', ['batch', 3]);
const target = input('y', ['batch', 3]);
const squared = (z: Expr): Expr => meanSquaredError(typed<['batch', 3]>(z), target);

/** x ⊙ w, sample by sample. */
const scaled = (name: string): Expr => map('mul', x, broadcastTo(parameter(name, [3]), x.shape, [1]));
/** 1 + (x ⊙ w)². */
const positive = (name: string): Expr => map('add', literal(1), map('mul', scaled(name), scaled(name)));

/** z by one scalar function of values of x ⊙ w. */
export const scalarModel = (fn: ScalarFunction): InspectedModel => {
  const [a, b] = [scaled('a'), scaled('b')];
  const values: { readonly [F in ScalarFunction]?: Expr } = {
    log: map('log', positive('a')),
    sqrt: map('sqrt', positive('a')),
    div: map('div', a, positive('b')),
    pow: map('pow', positive('a'), b),
    max: map('max', a, b),
    min: map('min', a, b),
    add: map('add', map('tanh', a), map('exp', b)),
    sub: map('sub', map('tanh', a), map('exp', b)),
    mul: map('mul', a, b),
    select: map('select', map('less', x, literal(0)), map('tanh', a), map('mul', literal(0.1), b)),
  };
  return modelOf(fn, values[fn] ?? map(fn, a), squared);
};

/** z by a constant power. */
export const powerModel = (): InspectedModel => modelOf('power', map('pow', positive('a'), literal(3)), squared);

/** z by contractions, folds and movements of elements, with something curved around each. */
export const movementModel = (): InspectedModel => {
  const weights = parameter('W', [3, 4]);
  const a = map('tanh', contract(x, [0, 1], weights, [1, 2], [0, 2]));
  const windows = [{ axis: 1, size: 3, stride: 1, dilation: 1 }];
  const middle = slice(map('mul', a, a), 1, 1, 3);
  const joined = concat([map('exp', middle), a], 1);
  const taps = windowed(joined, windows);
  const square = reshape(a, ['batch', 2, 2]);
  const turned = contract(transpose(square, [2, 0, 1]), [0, 1, 2], square, [1, 0, 2], [1, 0, 2]);
  const z = sum([
    pad(middle, 1, 1, 1),
    map('mul', a, broadcastTo(map('tanh', reduce('sum', weights, [0])), a.shape, [1])),
    reduce('max', taps, [2]),
    slice(windowAdjoint(map('mul', taps, taps), windows, joined.shape), 1, 1, 5),
    reshape(turned, ['batch', 4]),
  ]);
  return modelOf('movements', slice(z, 1, 0, 3), squared);
};

/** A network with cross-entropy: folds, exponentials and differences in the loss. */
export const classifier = (): InspectedModel => {
  const hidden = map(
    'tanh',
    map(
      'add',
      contract(x, [0, 1], parameter('W1', [3, 4]), [1, 2], [0, 2]),
      broadcastTo(parameter('b1', [4]), ['batch', 4], [1]),
    ),
  );
  const z = contract(hidden, [0, 1], parameter('W2', [4, 3]), [1, 2], [0, 2]);
  const labels = input('labels', ['batch']);
  return modelOf('classifier', z, (output) => softmaxCrossEntropy(typed<['batch', 3]>(output), labels));
};

/** A convolution by windows, over which the data gradient is a convolution again. */
export const convolution = (): InspectedModel => {
  const image = input('image', ['batch', 6]);
  const windows = [{ axis: 1, size: 3, stride: 1, dilation: 1 }];
  const first = map('tanh', contract(windowed(image, windows), [0, 1, 2], parameter('k1', [3]), [2], [0, 1]));
  const second = contract(
    windowed(first, [{ ...windows[0], axis: 1, size: 2, stride: 1, dilation: 1 }]),
    [0, 1, 2],
    parameter('k2', [2]),
    [2],
    [0, 1],
  );
  const pooled = reduce(
    'sum',
    windowed(map('tanh', slice(first, 1, 0, 4)), [{ axis: 1, size: 2, stride: 2, dilation: 1 }]),
    [2],
  );
  const z = map('add', second, concat([pooled, slice(second, 1, 2, 3)], 1));
  return modelOf('convolution', z, squared);
};

/** z by a loop: it has a tangent, and no transpose. */
export const loop = (): InspectedModel => {
  const { y } = iterate({
    initial: { round: primitives.literal(0), y: scaled('a') },
    step: (at) => ({
      round: typed<[]>(map('add', at.round, literal(1))),
      y: map('tanh', map('mul', at.y, broadcastTo(parameter('b', [3]), x.shape, [1]))),
    }),
    proceed: (at) => less(at.round, 3),
  });
  return modelOf('loop', y, squared);
};
