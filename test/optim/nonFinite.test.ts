import { expect } from 'chai';
import { exp, initialisers, input, meanSquaredError, mul, parameter } from '../../dsl/index.js';
import { problem, sgd, sgdHyperparameters, sgn, sgnHyperparameters, showOptimizerError } from '../../optim/index.js';
import { interpreterTarget, wasmTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { batchOf } from './problems.js';

// f(x; a) = exp(a · x): from a = 0, the Gauss-Newton step towards y = 1e8 is a ≈ 1e8, whose exponential overflows
const explosive = (() => {
  const x = input('x', ['batch']);
  return problem({
    name: 'explosive',
    input: x,
    target: input('y', ['batch']),
    output: exp(mul(parameter('a', []), x)),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser: initialisers.normal(1),
  });
})();

const start = new Float32Array([0]);

describe('values that are not finite', () => {
  it('after the step are an error that names the trial', async () => {
    const optimizer = sgn(rightOf(explosive), sgnHyperparameters.parse({}), interpreterTarget);
    const state = optimizer.init(start);
    const failure = leftOf(await optimizer.step(state, batchOf([[1, 1e8]]))());
    expect(failure.error).to.deep.equal({
      _tag: 'NonFiniteError',
      step: 1,
      quantity: 'the loss L(θ + 1Δθ)',
      value: Number.POSITIVE_INFINITY,
    });
    expect(failure.state).to.equal(state);
    expect(showOptimizerError(failure.error)).to.equal('step 1: the loss L(θ + 1Δθ) is Infinity');
  });

  it('within CG are an error that names what overflowed in float32', async () => {
    const target = rightOf(await wasmTarget({ threads: 1 })());
    const optimizer = sgn(rightOf(explosive), sgnHyperparameters.parse({}), target);
    // J = x = 1e15 and z = 1: gᵀg ≈ 4e30 is finite, pᵀGp ≈ 2e30 · 4e30 is not
    const failure = leftOf(await optimizer.step(optimizer.init(start), batchOf([[1e15, 2]]))());
    target.dispose();
    expect(failure.error).to.include({ _tag: 'NonFiniteError', step: 1, quantity: 'pᵀ(G + ρI)p of CG' });
  });

  it('in the next parameters of SGD are an error', async () => {
    const settings = sgdHyperparameters.parse({ learningRate: 1e30 });
    const target = rightOf(await wasmTarget({ threads: 1 })());
    const optimizer = sgd(rightOf(explosive), settings, target);
    const failure = leftOf(await optimizer.step(optimizer.init(start), batchOf([[1, 1e10]]))());
    target.dispose();
    expect(failure.error).to.include({
      _tag: 'NonFiniteError',
      quantity: 'the squared norm of the next parameters θᵀθ',
    });
  });
});
