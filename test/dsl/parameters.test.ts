import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  add,
  bindParameters,
  constant,
  type Expr,
  flattenParameters,
  input,
  matmul,
  mlp,
  type ParameterSpace,
  parameter,
  parameterSpace,
  parameterViews,
  showDslError,
  splitParameters,
  sum,
} from '../../dsl/index.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', [2, 3]);
const network = mlp(x, { hidden: [4], outputs: 2 });

const spaceOf = (...roots: readonly Expr[]): ParameterSpace => {
  const space = parameterSpace(roots);
  return E.isRight(space) ? space.right : expect.fail(showDslError(space.left));
};

const messageOf = (...roots: readonly Expr[]): string => {
  const space = parameterSpace(roots);
  return E.isLeft(space) ? showDslError(space.left) : 'no error';
};

const theta = Float32Array.from({ length: 26 }, (_, i) => Math.fround(Math.sin(i)));

describe('parameters', () => {
  it('lie in θ in the order of their first use', () => {
    const { entries, length } = spaceOf(network);
    expect(entries.map(({ name, shape, offset, length: elements }) => [name, shape, offset, elements])).to.deep.equal([
      ['W1', [3, 4], 0, 12],
      ['b1', [4], 12, 4],
      ['W2', [4, 2], 16, 8],
      ['b2', [2], 24, 2],
    ]);
    expect(length).to.equal(26);
    expect(entries[0]?.parameter).to.equal(parameter('W1', [3, 4]));
  });

  it('count once when shared', () => {
    const shared = parameter('w', [3, 3]);
    expect(spaceOf(matmul(matmul(x, shared), shared), sum(shared)).length).to.equal(9);
  });

  it('are views: writing through one changes θ', () => {
    const copy = theta.slice();
    const { b1, W2 } = parameterViews(spaceOf(network), copy);
    expect(b1).to.deep.equal(theta.subarray(12, 16));
    W2?.fill(7);
    expect([...copy.subarray(16, 24)]).to.deep.equal(Array(8).fill(7));
  });

  it('bound to a flat vector give the same network', () => {
    const space = spaceOf(network);
    const [bound = network] = bindParameters(space, input('theta', [26]), [network]);
    const data = { x: [1, 2, 3, -1, 0, 2] };
    const named = { ...data, ...parameterViews(space, theta) };
    expectClose(valuesOf(bound, { ...data, theta }), valuesOf(network, named));
    expect(spaceOf(network, parameter('unused', [1])).length).to.equal(27);
    expect(messageOf(bound)).to.equal('parameterSpace: expected at least one parameter, got expressions without any');
  });

  it('split and flattened again are the vector', () => {
    const space = spaceOf(network);
    const flat = input('theta', [26]);
    expect(splitParameters(space, flat).map(({ shape }) => shape)).to.deep.equal(
      space.entries.map(({ shape }) => shape),
    );
    expect(valuesOf(flattenParameters(space, splitParameters(space, flat)), { theta })).to.deep.equal([...theta]);
  });

  it('report two shapes of one name, symbolic sizes, none at all, and the mistakes of the network', () => {
    const one = sum(parameter('w', [2]));
    expect(messageOf(add(one, sum(parameter('w', [3]))))).to.equal(
      'parameterSpace: expected one shape for the parameter w, got [2] and [3]',
    );
    expect(messageOf(parameter('w', ['batch']))).to.contain('literal sizes for the parameter w');
    expect(messageOf(constant(1))).to.contain('at least one parameter');
    const wide: Expr = x;
    expect(messageOf(one, matmul(wide, wide))).to.equal(
      'matmul: expected equal inner dimensions, got x [2, 3] and x [2, 3]',
    );
  });
});
