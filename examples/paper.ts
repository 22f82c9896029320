/**
 * The paper's experiments as one study: five benchmarks, SGN(2), SGN(3), SGN(5) and SGN(10) at the published settings,
 * the same everywhere, and SGD with a sweep of its learning rate.
 */
import { type StudyInput, study } from '../optim/index.js';
import { published } from './published.js';

type Solvers = StudyInput['solvers'];

const sgn = (iterations: number): Solvers => ({
  [`SGN(${iterations})`]: { solver: 'sgn', sgn: { damping: 1e-4, maxCgIterations: iterations } },
});

const sgd = (learningRate: number): Solvers => ({
  [`SGD(${learningRate})`]: { solver: 'sgd', sgd: { learningRate }, sweep: 'SGD' },
});

export default study({
  name: 'paper',
  title: 'Reproduction of Gargiani et al. (2020)',
  benchmarks: {
    boston: { experiment: 'boston', batchSize: 101, epochs: 100, published: published.boston },
    sine: { experiment: 'sine', batchSize: 1000, epochs: 100, published: published.sine },
    mnist: { experiment: 'mnist', batchSize: 1000, seconds: 100, published: published.mnist },
    fashion: { experiment: 'fashion', batchSize: 1000, seconds: 150, published: published.fashion },
    cifar10: { experiment: 'cifar10', batchSize: 1000, seconds: 2000, published: published.cifar10 },
  },
  solvers: {
    ...sgn(2),
    ...sgn(3),
    ...sgn(5),
    ...sgn(10),
    ...sgd(10),
    ...sgd(1),
    ...sgd(0.1),
    ...sgd(0.01),
    ...sgd(0.001),
  },
  seeds: [0, 1, 2, 3, 4],
});
