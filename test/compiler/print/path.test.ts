import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { compile, inspect } from '../../../compiler/index.js';
import { type GraphName, graphNames } from '../../../compiler/inspect/graphs.js';
import { pathTo } from '../../../compiler/print/path.js';
import {
  add,
  dense,
  type Expr,
  input,
  matmul,
  mlp,
  parameter,
  parameterSpace,
  primitives,
  showDslError,
  sigmoid,
  tanh,
} from '../../../dsl/index.js';

const x = input('x', ['batch', 3]);
const z: Expr = mlp(x, { hidden: [4], outputs: 2 });

describe('pathTo', () => {
  it('names the layers on the way, outermost first', () => {
    const weights: Expr = parameter('W1', [3, 4]);
    expect(pathTo({ prediction: z }, weights)).to.deep.equal(['prediction', 'z2', 'a1', 'z1', 'W1']);
  });

  it('is the output alone for the output itself, and empty for what is elsewhere', () => {
    expect(pathTo({ x }, x)).to.deep.equal(['x']);
    expect(pathTo({ z }, parameter('W9', [3, 4]))).to.deep.equal([]);
  });
});

describe('errors of the compiler point at the expression by name', () => {
  const refusal = (
    output: Expr,
    inputs: readonly Expr[] = [x],
    sizes: Record<string, number> = { batch: 5 },
  ): string => {
    const result = compile({
      name: 'p',
      sizes,
      stages: [{ name: 'forward', inputs, outputs: { prediction: output } }],
    });
    if (E.isRight(result)) throw new Error('it compiled');
    return showDslError(result.left);
  };

  it('a free parameter', () => {
    expect(refusal(z)).to.match(/parameter W1 bound .*\(in prediction › z2 › a1 › z1 › W1\)$/);
  });

  it('an input that no stage introduces', () => {
    const other = input('other', ['batch', 3]);
    expect(refusal(primitives.map('add', x, other))).to.match(/input other .*\(in prediction › other\)$/);
  });

  it('a dimension without a size', () => {
    const dims = refusal(primitives.map('add', primitives.size('other'), primitives.literal(1)), []);
    expect(dims).to.match(/dimension other, got undefined.*\(in prediction\)$/);
    expect(refusal(x, [x], {})).to.equal(
      'compile: expected a size of at least 1 for dimension batch, got undefined for x [batch, 3] (in forward › x)',
    );
  });

  it('a shape mistake inside a layer, found by its output and the layer’s name', () => {
    const wrong: Expr = dense(primitives.reshape(x, ['batch', 3, 1]), { name: '7', units: 2 });
    expect(refusal(wrong)).to.equal(
      'dense: expected a matrix [batch, inputs], got reshape[batch, 3, 1](x) [batch, 3, 1] (in prediction › dense 7)',
    );
  });

  it('a shape mistake of an operator', () => {
    const wrong: Expr = matmul(x, primitives.transpose(x, [1, 0]));
    expect(
      E.isLeft(compile({ name: 'p', sizes: { batch: 5 }, stages: [{ name: 's', inputs: [x], outputs: { wrong } }] })),
    ).to.equal(false);
    const worse: Expr = primitives.map('add', x, input('y', ['batch', 4]));
    expect(refusal(worse)).to.match(/^add: expected .* got x \[batch, 3\] and y \[batch, 4\] \(in prediction\)$/);
  });

  it('a shape mistake in the middle of a network, by the operands that do not fit', () => {
    const hidden = tanh(add(matmul(x, parameter('W1', [3, 4])), parameter('b1', [4])));
    const bias: Expr = parameter('b2', [5]);
    const wrong: Expr = sigmoid(add(matmul(hidden, parameter('W2', [4, 2])), bias));
    expect(refusal(wrong)).to.match(/, got tanh\(\(… \+ b1\)\) · W2 \[batch, 2\] and b2 \[5\] \(in prediction\)$/);
  });
});

describe('errors of inspection point at the model and its part', () => {
  const parameters = parameterSpace([z]);
  if (E.isLeft(parameters)) throw new Error(showDslError(parameters.left));
  const refusal = (loss: (output: Expr) => Expr, graph: GraphName = 'ggn'): string => {
    const result = inspect({ name: 'net', output: z, loss, parameters: parameters.right }, graph);
    if (E.isRight(result)) throw new Error('it was derived');
    return showDslError(result.left);
  };

  it('a mistake in the loss', () => {
    expect(refusal((output) => primitives.map('sub', output, input('y', ['batch', 3])))).to.match(
      /got \(σ\(…\) · W2 \+ b2\) \[batch, 2\] and y \[batch, 3\] \(in net › loss\)$/,
    );
  });

  it('a loss that is no scalar', () => {
    for (const graph of graphNames)
      expect(refusal((output) => output, graph)).to.equal(
        'loss: expected a scalar, such as a mean over the batch, got (σ(…) · W2 + b2) [batch, 2] (in net › loss)',
      );
  });
});
