import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { compile } from '../../../compiler/index.js';
import { pathTo } from '../../../compiler/print/path.js';
import { dense, type Expr, input, matmul, mlp, parameter, primitives, showDslError } from '../../../dsl/index.js';

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
    expect(refusal(x, [x], {})).to.match(/dimension batch, got undefined.*\(in forward › x\)$/);
  });

  it('a shape mistake inside a layer, found by its output and the layer’s name', () => {
    const wrong: Expr = dense(primitives.reshape(x, ['batch', 3, 1]), { name: '7', units: 2 });
    expect(refusal(wrong)).to.equal(
      'dense: expected a matrix [batch, inputs], got [batch, 3, 1] (in prediction › dense 7)',
    );
  });

  it('a shape mistake of an operator', () => {
    const wrong: Expr = matmul(x, primitives.transpose(x, [1, 0]));
    expect(
      E.isLeft(compile({ name: 'p', sizes: { batch: 5 }, stages: [{ name: 's', inputs: [x], outputs: { wrong } }] })),
    ).to.equal(false);
    const worse: Expr = primitives.map('add', x, input('y', ['batch', 4]));
    expect(refusal(worse)).to.match(/^add: expected .* got \[batch, 3\] and \[batch, 4\] \(in prediction\)$/);
  });
});
