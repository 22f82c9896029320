/** The programs that are timed. The mini-batch is given once, in a stage of its own, as it is to the peers. */
import { input } from '../dsl/index.js';
import { ggn, gradientAt, lossAt, type Problem, type ProgramDefinition } from '../optim/index.js';

/** Every program: `batch` (the samples), then `point` (θ), and for the product `product` (v). */
export interface BenchPrograms {
  /** L(θ). */
  readonly forward: ProgramDefinition;
  /** L(θ) and ∇L. */
  readonly gradient: ProgramDefinition;
  /** Gv, at a linearisation point that is computed once, in `point`. */
  readonly product: ProgramDefinition;
}

/** The programs of a problem. */
export const benchPrograms = (problem: Problem): BenchPrograms => {
  const { length } = problem.parameters;
  const [theta, direction] = [input('theta', [length]), input('direction', [length])];
  const samples = { name: 'batch', inputs: [problem.input, problem.target], outputs: {} };
  const loss = lossAt(problem, theta);
  const definition = (name: string, stages: ProgramDefinition['stages']): ProgramDefinition => ({
    name: `${problem.name}.${name}`,
    batch: problem.batch,
    stages: [samples, ...stages],
  });
  return {
    forward: definition('forward', [{ name: 'point', inputs: [theta], outputs: { loss } }]),
    gradient: definition('gradient', [
      { name: 'point', inputs: [theta], outputs: { loss, gradient: gradientAt(problem, theta) } },
    ]),
    product: definition('product', [
      { name: 'point', inputs: [theta], outputs: { loss } },
      { name: 'product', inputs: [direction], outputs: { product: ggn(problem, theta)(direction) } },
    ]),
  };
};
