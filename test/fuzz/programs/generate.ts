/** Random programs out of a seed: expressions over all operations, in stages, with values of their inputs. */
import * as E from 'fp-ts/lib/Either.js';
import { postorder, typed } from '../../../dsl/expr.js';
import { iterate } from '../../../dsl/iterate.js';
import { constant, input } from '../../../dsl/leaves.js';
import { matmul } from '../../../dsl/linear.js';
import type { Expr, Op } from '../../../dsl/node.js';
import { bindParameters, parameterSpace } from '../../../dsl/parameters.js';
import { add, less, tanh } from '../../../dsl/pointwise.js';
import type { ScalarFunction } from '../../../dsl/scalar.js';
import type { Dim, Sizes } from '../../../dsl/shape.js';
import { type Choices, choicesFrom } from './choices.js';
import { type Grow, type Growing, growthFrom, isSound, type Leaf } from './growth.js';
import { derivativeSteps } from './operations/derivatives.js';
import { foldPrimitives, linearSteps, reductionSteps } from './operations/folds.js';
import { loopStep } from './operations/loops.js';
import { movementPrimitives, movementSteps } from './operations/movements.js';
import { leafSteps, lossSteps, networkSteps } from './operations/networks.js';
import { pointwiseSteps, scalarSteps } from './operations/pointwise.js';
import { convolutionSteps, windowPrimitives } from './operations/windows.js';
import type { Tensor } from './tensor.js';

/** An input of a program, with its values, and the stage that it arrives in. */
export interface ProgramInput {
  readonly expr: Expr;
  readonly name: string;
  readonly values: Float64Array;
  readonly stage: number;
}

/** An output, and the stage that gives it. */
export interface ProgramOutput {
  readonly expr: Expr;
  readonly name: string;
  readonly stage: number;
  /** What it is, up to the errors that float32 may make. */
  readonly expected?: Tensor;
}

/** A random program. */
export interface RandomProgram {
  readonly seed: number;
  readonly sizes: Sizes;
  readonly stages: number;
  readonly inputs: readonly ProgramInput[];
  readonly outputs: readonly ProgramOutput[];
  /** The steps, primitives and scalar functions in it, and how deep its loops are nested. */
  readonly covered: readonly string[];
}

/** Steps by name, in groups. */
type Steps = Readonly<Record<string, Grow>>;

// in the body of a loop, loops come more often
const growInside: Grow = (growth) => {
  const [, step] = drawn(growth);
  return growth.chance(0.2) ? nested(growth) : step(growth);
};
const nested: Grow = loopStep((growth) => growInside(growth));

/** What a step is called where coverage is counted. */
const groups: Readonly<Record<string, { readonly often: number; readonly steps: Steps }>> = {
  pointwise: { often: 5, steps: pointwiseSteps },
  map: { often: 4, steps: scalarSteps },
  movement: { often: 3, steps: movementSteps },
  primitive: { often: 4, steps: { ...movementPrimitives, ...foldPrimitives, ...windowPrimitives } },
  reduction: { often: 3, steps: reductionSteps },
  linear: { often: 3, steps: linearSteps },
  convolution: { often: 1, steps: convolutionSteps },
  network: { often: 1, steps: networkSteps },
  leaf: { often: 1, steps: leafSteps },
  loss: { often: 1, steps: lossSteps },
  derivative: { often: 4, steps: derivativeSteps },
  loop: { often: 3, steps: { iterate: nested } },
};

/** Every step's name, `group.step`. */
export const stepNames: readonly string[] = Object.entries(groups).flatMap(([group, { steps }]) =>
  Object.keys(steps).map((step) => `${group}.${step}`),
);

const wheel = Object.entries(groups).flatMap(([group, { often, steps }]) =>
  Array.from({ length: often }, () => ({ group, steps: Object.entries(steps) })),
);

const drawn = ({ any }: Choices): readonly [string, Grow] => {
  const chosen = any(wheel);
  const step = any(chosen?.steps ?? []);
  if (chosen === undefined || step === undefined) throw new Error('there are no steps');
  return [`${chosen.group}.${step[0]}`, step[1]];
};

interface Scale {
  readonly sizes: Sizes;
  readonly dims: readonly [Dim, ...Dim[]];
  readonly mostElements: number;
}

const scaleOf = ({ below, among, chance }: Choices, large: boolean): Scale =>
  large
    ? {
        sizes: { n: 16 + below(16), m: 8 + below(24) },
        dims: ['n', 'n', 'm', 8 + below(24), 32, 3],
        mostElements: 1500,
      }
    : {
        sizes: { n: 1 + below(5), m: chance(0.2) ? 1 : 2 + below(4) },
        dims: ['n', 'm', 1, 2, 3, 4, among([5, 6, 7, 8])],
        mostElements: 200,
      };

/** A product over and over, in loops within loops: enough work for threads to share, by the estimate of a loop's rounds. */
const work = ({ leaf, below, chance }: Growing): Expr => {
  const [inner, outer] = [24 + below(16), 24 + below(16)];
  const [x, w, shift] = [leaf(['n', inner]), leaf([inner, outer]), leaf([outer])];
  const back = leaf([outer, inner]);
  const turn = (rows: Expr): Expr => tanh(matmul(tanh(add(matmul(rows, w), shift)), back));
  const repeated = (depth: number, rows: Expr): Expr =>
    depth === 0
      ? turn(rows)
      : iterate<Readonly<Record<'count' | 'rows', Expr>>>({
          initial: { count: constant(0), rows },
          step: (variables) => ({ count: add(variables.count, 1), rows: repeated(depth - 1, variables.rows) }),
          proceed: ({ count }) => typed<[]>(less(count, chance(0.3) ? 2 : 1)),
        }).rows;
  return repeated(1 + below(2), x);
};

/** How deep loops are nested: a loop is within another if it depends on its variables. */
const nesting = (roots: readonly Expr[]): number =>
  postorder(roots).reduce((deepest, { node }) => {
    if (node.op !== 'iterate') return deepest;
    const variables = new Set(node.variables);
    const body = postorder([...node.next, node.proceed]).filter((expr) => expr.node.op === 'iterate');
    const within = body.filter((loop) => postorder([loop]).some((expr) => variables.has(expr)));
    return Math.max(deepest, 1 + nesting(within));
  }, 0);

const kindsIn = (roots: readonly Expr[]): readonly (Op | ScalarFunction)[] =>
  postorder(roots).flatMap(({ node }) => (node.op === 'map' ? [node.op, node.fn] : [node.op]));

/** Replaces parameters by views of one input θ, as training does, and gives each leaf its stage. */
const bound = (outputs: readonly Expr[], leaves: readonly Leaf[]) => {
  const used = new Set(postorder(outputs));
  const inputs = leaves.filter(({ expr }) => used.has(expr) && expr.node.op === 'input');
  const space = parameterSpace(outputs);
  if (E.isLeft(space)) return { outputs, inputs };
  const theta = input('theta', [space.right.length]);
  const values = space.right.entries.flatMap(({ parameter }) => [
    ...(leaves.find(({ expr }) => expr === parameter)?.tensor.values ?? []),
  ]);
  const tensor = {
    extents: [values.length],
    values: Float64Array.from(values),
    errors: new Float64Array(values.length),
  };
  const flat: Leaf = { expr: theta, name: 'theta', tensor };
  return { outputs: bindParameters(space.right, theta, outputs), inputs: [...inputs, flat] };
};

const chosenOutputs = (growing: Growing, always: readonly Expr[]): readonly Expr[] => {
  const { pool, any, chance, below, view } = growing;
  const sound = pool.filter((expr) => growing.wild || isSound(view(expr)));
  const candidates = sound.length > 0 ? sound : pool;
  const last = candidates.slice(-6);
  const outputs = new Set<Expr>(always);
  for (let count = 1 + below(4); count > 0; count -= 1) for (const expr of [any(last)]) if (expr) outputs.add(expr);
  // a value beside what is made of it, such as its derivative
  const parts = new Set(postorder([...outputs]));
  for (const expr of [any(candidates.filter((one) => parts.has(one)))]) if (expr && chance(0.5)) outputs.add(expr);
  return [...outputs];
};

/** The program of a seed. */
export const randomProgram = (seed: number): RandomProgram => {
  const choices = choicesFrom(seed);
  const [large, wild] = [choices.chance(0.22), choices.chance(0.12)];
  const leaves: Leaf[] = [];
  const growing = growthFrom({ choices, ...scaleOf(choices, large), wild, leaves });
  const { sizes } = growing;
  const worked = large ? [work(growing)] : [];
  for (const expr of worked) growing.add(expr);
  const stepOf = new Map<Expr, string>();
  for (let steps = 4 + choices.below(large ? 10 : 22); steps > 0; steps -= 1) {
    const [name, step] = drawn(choices);
    const grown = step(growing);
    if (grown !== undefined && growing.add(grown) && !stepOf.has(grown)) stepOf.set(grown, name);
  }
  const free = chosenOutputs(growing, worked);
  const program = bound(free, leaves);
  const stages = choices.among([1, 1, 2, 2, 3]);
  const inputs = program.inputs.map(({ expr, name, tensor }) => ({
    expr,
    name,
    values: tensor.values,
    stage: choices.below(stages),
  }));
  const outputs = program.outputs.map((expr, i) => {
    const below = new Set(postorder([expr]));
    const ready = Math.max(0, ...inputs.filter((one) => below.has(one.expr)).map(({ stage }) => stage));
    const expected = free.slice(i, i + 1).map(growing.view);
    return {
      expr,
      name: `y${i}`,
      stage: ready + choices.below(stages - ready),
      ...(expected[0] && { expected: expected[0] }),
    };
  });
  const stepsIn = postorder(free).flatMap((expr) => stepOf.get(expr) ?? []);
  const covered = [
    ...new Set([
      ...stepsIn,
      ...kindsIn(free),
      ...kindsIn(program.outputs),
      `loops ${nesting(program.outputs)} deep`,
      `${stages} stages`,
      ...(wild ? ['wild'] : []),
      ...(large ? ['large'] : []),
    ]),
  ];
  return { seed, sizes, stages, inputs, outputs, covered };
};
