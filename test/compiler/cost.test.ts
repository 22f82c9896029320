import { expect } from 'chai';
import { compile } from '../../compiler/compile.js';
import { addCosts, kernelsOf, programCost, stageCost } from '../../compiler/cost.js';
import { ggnVectorProduct, grad } from '../../compiler/differentiate/derive.js';
import { make, typed } from '../../dsl/expr.js';
import { mlp } from '../../dsl/layers.js';
import { softmaxCrossEntropy } from '../../dsl/losses.js';
import type { Expr } from '../../dsl/node.js';
import { bindParameters, flattenParameters, parameterSpace, splitParameters } from '../../dsl/parameters.js';
import { contract, map, pad, reduce, windowed } from '../../dsl/primitives.js';
import { scalarRow } from '../../dsl/scalar.js';
import { rightOf } from '../support/evaluation.js';

// the network of Gargiani et al. 2020 for MNIST
const widths = [784, 20, 20, 20, 10] as const;
const batch = 1000;
const layers = widths.length - 1;
/** Multiply-adds of a forward pass, each 2 operations. */
const forwardFlops = 2 * batch * widths.slice(1).reduce((sum, units, layer) => sum + units * (widths[layer] ?? 0), 0);

const paperProgram = () => {
  const x = make({ op: 'input', name: 'x', shape: ['batch', 784] });
  const labels = make({ op: 'input', name: 'labels', shape: ['batch'] });
  const free: Expr = mlp(typed<['batch', 784]>(x), { hidden: [20, 20, 20], outputs: 10, activation: 'sigmoid' });
  const lossOf = (z: Expr): Expr => softmaxCrossEntropy(typed<['batch', 10]>(z), typed<['batch']>(labels));
  const space = rightOf(parameterSpace([free]));
  const theta = make({ op: 'input', name: 'theta', shape: [space.length] });
  const v = make({ op: 'input', name: 'v', shape: [space.length] });
  const parameters = space.entries.map(({ parameter }) => parameter);
  const gradient = flattenParameters(space, grad(lossOf(free), parameters));
  const product = flattenParameters(
    space,
    ggnVectorProduct({ output: free, parameters }, lossOf)(splitParameters(space, v)),
  );
  const [z = free, loss = free, g = free, Gv = free] = bindParameters(space, theta, [
    free,
    lossOf(free),
    gradient,
    product,
  ]);
  const compiled = (stages: Parameters<typeof compile>[0]['stages']) =>
    rightOf(compile({ name: 'paper', sizes: { batch }, stages }));
  return {
    forward: compiled([{ name: 'forward', inputs: [theta, x], outputs: { z } }]),
    staged: compiled([
      { name: 'linearize', inputs: [theta, x, labels], outputs: { loss, g } },
      { name: 'product', inputs: [v], outputs: { Gv } },
    ]),
    unstaged: compiled([{ name: 'product', inputs: [theta, x, labels, v], outputs: { Gv } }]),
  };
};

describe("the Gauss-Newton product of the paper's MNIST network", () => {
  const { forward, staged, unstaged } = paperProgram();
  const costs = programCost(staged);
  const productStage = staged.stages[1];
  const kernels = kernelsOf(productStage?.steps ?? []);

  it('costs at most 2.2 forward passes', () => {
    expect(costs.product?.flops).to.be.at.most(2.2 * forwardFlops);
    // J v and Jᵀ u each take at least one pass over the first layer's products: less would be too good to be true
    expect(costs.product?.flops).to.be.at.least(1.9 * forwardFlops);
  });

  it('takes at most 3 kernels per layer and direction', () => {
    expect(costs.product?.kernels).to.be.at.most(3 * layers * 2);
    expect(kernels).to.have.length(costs.product?.kernels ?? 0);
  });

  it('runs no forward pass: no transcendental function, and less work than a product that starts from θ', () => {
    const functions = kernels
      .flatMap(({ body, accumulators }) => [
        body,
        ...accumulators.flatMap(({ parts }) => parts.map(({ term }) => term)),
      ])
      .flat()
      .flatMap((instruction) => (instruction.op === 'apply' ? [instruction.fn] : []));
    expect(functions.filter((fn) => scalarRow(fn).transcendental)).to.deep.equal([]);
    expect(functions).to.include('mul');
    const fromScratch = programCost(unstaged).product?.flops ?? 0;
    expect(fromScratch - (costs.product?.flops ?? 0)).to.be.at.least(0.95 * forwardFlops);
  });

  it('leaves θ alone where the linearisation suffices: no kernel of it contracts x with W1', () => {
    const buffer = (name: string): number => staged.buffers.findIndex((candidate) => candidate.name === name);
    const [x, theta] = [buffer('x'), buffer('theta')];
    const together = kernels.filter(({ accumulators }) =>
      accumulators.some(({ parts }) =>
        parts.some(({ term }) =>
          [x, theta].every((wanted) => term.some((i) => i.op === 'load' && i.buffer === wanted)),
        ),
      ),
    );
    expect(together.map(({ name }) => name)).to.deep.equal([]);
    expect(Math.min(x, theta)).to.be.at.least(0);
  });

  it('stands beside a forward pass of which every operation is counted', () => {
    const flops = programCost(forward).forward?.flops ?? 0;
    const biasesAndActivations = batch * (3 * 20 * 2 + 10);
    expect(flops).to.be.within(forwardFlops, forwardFlops + 2 * biasesAndActivations);
    expect(programCost(forward).forward?.kernels).to.equal(layers);
  });
});

describe('cost', () => {
  const a = make({ op: 'input', name: 'a', shape: [6, 5] });
  const b = make({ op: 'input', name: 'b', shape: [5, 7] });
  const costOf = (output: Expr, inputs: readonly Expr[]) => {
    const program = rightOf(compile({ name: 'c', sizes: {}, stages: [{ name: 'run', inputs, outputs: { output } }] }));
    return programCost(program).run;
  };

  it('of a matrix product is 2 n m k operations and one pass over each array', () => {
    expect(costOf(contract(a, [0, 1], b, [1, 2], [0, 2]), [a, b])).to.deep.equal({
      kernels: 1,
      flops: 2 * 6 * 5 * 7,
      bytes: 4 * (6 * 5 + 5 * 7 + 6 * 7),
    });
  });

  it('of pointwise work is one operation per function and element; of a sum, one per element', () => {
    expect(costOf(map('exp', map('mul', a, a)), [a])).to.deep.equal({ kernels: 1, flops: 60, bytes: 4 * 60 });
    expect(costOf(reduce('sum', a, [0, 1]), [a])).to.deep.equal({ kernels: 1, flops: 30, bytes: 4 * 31 });
  });

  it('of a convolution leaves out the rows of zeros around the image, which are skipped', () => {
    const image = make({ op: 'input', name: 'image', shape: ['batch', 2, 4, 5] });
    const weights = make({ op: 'input', name: 'weights', shape: [7, 2, 3, 3] });
    const windows = [2, 3].map((axis) => ({ axis, size: 3, stride: 1, dilation: 1 }));
    const convolved = contract(
      windowed(pad(pad(image, 3, 1, 1), 2, 1, 1), windows),
      [0, 1, 2, 3, 4, 5],
      weights,
      [6, 1, 4, 5],
      [0, 6, 2, 3],
    );
    const inputs = [image, weights];
    const program = rightOf(
      compile({ name: 'c', sizes: { batch: 3 }, stages: [{ name: 'run', inputs, outputs: { convolved } }] }),
    );
    // four rows, of whose three taps the first and the last row have two within the image
    const rowsAndTaps = 2 + 3 + 3 + 2;
    expect(programCost(program).run?.flops).to.equal(2 * (3 * 7 * 5) * (2 * 3) * rowsAndTaps);
  });

  it('adds up', () => {
    const cost = { kernels: 1, flops: 2, bytes: 3 };
    expect(addCosts([])).to.deep.equal({ kernels: 0, flops: 0, bytes: 0 });
    expect(addCosts([cost, cost])).to.deep.equal({ kernels: 2, flops: 4, bytes: 6 });
    const { staged } = paperProgram();
    expect(staged.stages.map((stage) => stageCost(stage, staged))).to.deep.equal(Object.values(programCost(staged)));
  });
});
