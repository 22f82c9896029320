/** Malformed modules of experiments and models, through the sessions of `sgn run`, `sgn inspect` and `sgn check`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { Fuzzer } from '../fuzzer.js';
import { type Choices, choicesOf, type Ending, judge } from './case.js';
import { captured, endsWell, sgn } from './process.js';

const here = (path: string): string => JSON.stringify(resolve(path));

const preamble = `
import * as TE from ${here('node_modules/fp-ts/lib/TaskEither.js')};
import * as E from ${here('node_modules/fp-ts/lib/Either.js')};
import { initialisers, input, meanSquaredError, mlp, parameter, matmul } from ${here('dsl/index.js')};
import { experiment, problem } from ${here('optim/index.js')};
const boom = () => { throw new Error('boom'); };
const traps = new Proxy(function () {}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, apply: boom, getOwnPropertyDescriptor: boom });
const x = input('x', ['batch', 1]);
const split = { count: 4, inputs: Float32Array.of(1, 2, 3, 4), inputShape: [1], targets: Float32Array.of(2, 4, 6, 8), targetShape: [1] };
const data = { name: 'own data', train: split, test: split };
const definition = { name: 'own', input: x, target: input('y', ['batch', 1]), output: mlp(x, { hidden: [], outputs: 1 }),
  loss: meanSquaredError, metric: 'loss', initialiser: initialisers.paperMlp };
const parts = { name: 'own', problem: problem(definition), dataset: () => TE.right(data), settings: { batchSize: 4, epochs: 1, target: 'interpreter' } };
const after = (n, f, g) => { let calls = 0; return (...given) => (calls++ < n ? f(...given) : g()); };
`;

/** What stands where something else should. */
const strangers = [
  'undefined',
  'null',
  'true',
  'NaN',
  '-1',
  '0',
  '0.5',
  '2 ** 31',
  '2 ** 53',
  '1e308',
  "''",
  '[]',
  '[null]',
  '{}',
  'Symbol("s")',
  '10n',
  '() => undefined',
  'boom',
  'traps',
  'Object.create(null)',
  'new Date(NaN)',
  'new Map()',
  'Promise.resolve(1)',
  'new Proxy(new Float32Array(4), {})',
  'new Float64Array(4)',
  '{ _tag: "Right", right: {} }',
  '{ _tag: "Left", left: null }',
  '{ _tag: "Experiment" }',
  '{ get node() { return boom(); }, shape: ["batch", 1] }',
  '{ id: 1, shape: ["batch", 1], node: { op: "input" } }',
] as const;

/** What is thrown: much of it has no text. */
const thrown = [
  'new Error("boom")',
  'new Error("")',
  'undefined',
  'null',
  '0',
  '""',
  'Symbol("why")',
  'Object.create(null)',
  '{ toString() { return boom(); } }',
  'traps',
  'Object.assign(new Error("m"), { message: { toString: boom } })',
  'Object.defineProperty(new Error("m"), "message", { get: boom })',
  'new AggregateError([])',
] as const;

const of = (parts: string) => `export default experiment({ ...parts, ${parts} });`;
const ofProblem = (parts: string) => of(`problem: problem({ ...definition, ${parts} })`);
const ofRight = (parts: string) => of(`problem: E.right({ ...parts.problem.right, ${parts} })`);
const ofData = (parts: string) => of(`dataset: () => TE.right({ ...data, ${parts} })`);

/** A body of a module, and what it may end in. */
interface Body {
  readonly text: string;
  /** May be a module that is in order. */
  readonly mayHold?: boolean;
  /** Needs a process of its own: it hangs, or throws where no caller is. */
  readonly apart?: boolean;
  /** Only `sgn run` meets it. */
  readonly runOnly?: boolean;
}

const bodies: readonly ((choices: Choices) => Body)[] = [
  ({ of: one }) => ({ text: `export default ${one(strangers)};` }),
  ({ of: one }) => ({
    text: `export default { ...parts, _tag: 'Experiment', ${one(['problem', 'dataset', 'settings', 'name'])}: ${one(strangers)} };`,
    mayHold: true,
  }),
  ({ of: one }) => ({ text: `export default E.right(${one(strangers)});` }),
  ({ of: one }) => ({ text: `export default E.left(${one(strangers)});` }),
  ({ of: one }) => ({ text: of(`problem: ${one(strangers)}`) }),
  ({ of: one }) => ({ text: of(`settings: ${one(strangers)}`), runOnly: true }),
  ({ of: one }) => ({ text: of(`published: ${one(strangers)}`), mayHold: true }),
  ({ of: one }) => ({ text: of(`dataset: ${one(strangers)}`), runOnly: true }),
  ({ of: one }) => ({ text: of(`dataset: () => ${one(strangers)}`), runOnly: true }),
  ({ of: one }) => ({ text: of(`dataset: () => async () => (${one(strangers)})`), runOnly: true }),
  ({ of: one }) => ({ text: of(`dataset: () => TE.left(${one(strangers)})`), runOnly: true }),
  ({ of: one }) => ({ text: of(`dataset: () => { throw ${one(thrown)}; }`), runOnly: true }),
  ({ of: one }) => ({ text: of(`dataset: () => async () => { throw ${one(thrown)}; }`), runOnly: true }),
  ({ of: one }) => ({ text: ofData(`${one(['train', 'test'])}: ${one(strangers)}`), runOnly: true }),
  ({ of: one }) => ({ text: ofData(`${one(['notes', 'name'])}: ${one(strangers)}`), runOnly: true, mayHold: true }),
  ({ of: one }) => ({
    text: ofData(
      `${one(['train', 'test'])}: { ...split, ${one(['count', 'inputs', 'inputShape', 'targets', 'targetShape'])}: ${one(strangers)} }`,
    ),
    runOnly: true,
  }),
  ({ of: one }) => ({
    text: of(
      `settings: { ...parts.settings, ${one(['batchSize', 'epochs', 'seed', 'solver', 'target', 'sgn', 'seconds', 'validation', 'other'])}: ${one(strangers)} }`,
    ),
    mayHold: true,
  }),
  ({ of: one }) => ({
    text: of(
      `settings: { ...parts.settings, sgn: { ${one(['damping', 'maxCgIterations', 'cgTolerance', 'curvature', 'trustRegion', 'gradientMomentum'])}: ${one(strangers)} } }`,
    ),
    mayHold: true,
  }),
  ({ of: one }) => ({
    text: ofProblem(`${one(['input', 'target', 'output', 'loss', 'metric', 'initialiser'])}: ${one(strangers)}`),
    mayHold: true,
  }),
  ({ of: one }) => ({
    text: ofRight(`${one(['name', 'input', 'target', 'output', 'loss', 'metric', 'initialiser'])}: ${one(strangers)}`),
    mayHold: true,
  }),
  ({ of: one }) => ({ text: `export default problem(${one(strangers)});` }),
  ({ of: one }) => ({ text: ofProblem(`loss: () => (${one(strangers)})`) }),
  ({ of: one, below }) => ({
    text: ofProblem(`loss: after(${below(8)}, meanSquaredError, () => (${one(strangers)}))`),
    mayHold: true,
  }),
  ({ of: one, below }) => ({
    text: ofProblem(`loss: after(${below(8)}, meanSquaredError, () => { throw ${one(thrown)}; })`),
    mayHold: true,
  }),
  ({ of: one }) => ({ text: ofProblem(`initialiser: () => (${one(strangers)})`), runOnly: true }),
  ({ of: one }) => ({ text: ofProblem(`initialiser: () => { throw ${one(thrown)}; }`), runOnly: true }),
  ({ of: one }) => ({
    text: ofProblem(
      `initialiser: () => ({ kind: ${one(["'normal'", "'uniform'", "'constant'", "'x'"])}, ${one(['std', 'limit', 'value'])}: ${one(strangers)} })`,
    ),
    runOnly: true,
    mayHold: true,
  }),
  ({ of: one }) => ({ text: `throw ${one(thrown)};` }),
  ({ of: one }) => ({
    text: `export default ${one(['async () => 1', 'class {}', 'import.meta', 'globalThis', 'problem', 'E.left(E.left(1))'])};`,
  }),
  ({ of: one }) => ({
    text: one([
      'export const other = 1;',
      'export default',
      'export default experiment(',
      '\u0000',
      '{',
      'import "./missing.mjs";',
      '"',
    ]),
  }),
  ({ of: one }) => ({
    text: ofProblem(
      `output: mlp(x, { hidden: [${one(['2 ** 31', '2 ** 53', '-1', '0', '1e308', 'NaN', '"a"'])}], outputs: 1 })`,
    ),
    // a model that no memory holds can be looked at
    mayHold: true,
  }),
  ({ of: one }) => ({
    text: of(`dataset: () => { Promise.reject(${one(thrown)}); return () => new Promise(() => {}); }`),
    apart: true,
  }),
  ({ of: one }) => ({
    text: of(`dataset: () => { setTimeout(() => { throw ${one(thrown)}; }); return () => new Promise(() => {}); }`),
    apart: true,
  }),
  () => ({ text: of('dataset: () => () => new Promise(() => {})'), apart: true }),
  () => ({ text: 'await new Promise(() => {}); export default 1;', apart: true }),
  () => ({ text: 'export const then = () => {}; export default 1;', apart: true }),
  ({ of: one }) => ({ text: `export default Promise.reject(${one(thrown)});`, apart: true }),
  ({ of: one }) => ({ text: ofProblem(`loss: async () => { throw ${one(thrown)}; }`), apart: true }),
  ({ below }) => ({ text: `process.exit(${below(2)});`, apart: true }),
];

const apartBodies = bodies.filter((body) => body(choicesOf(0)).apart === true);
const otherBodies = bodies.filter((body) => body(choicesOf(0)).apart !== true);

/** The fuzzer of modules: one case in 25 is a process of its own. */
export const modules: Fuzzer = {
  name: 'malformed-modules',
  run: async (seed) => {
    const choices = choicesOf(seed);
    const apart = seed % 25 === 0;
    const body = choices.of(apart ? [...apartBodies, ...otherBodies] : otherBodies)(choices);
    const command = body.runOnly === true || apart ? 'run' : choices.of(['run', 'inspect', 'check']);
    const folder = await mkdtemp(join(tmpdir(), 'sgn-fuzz-'));
    try {
      const path = join(folder, `module-${seed}.mts`);
      await writeFile(path, `${preamble}${body.text}\n`);
      const how = `sgn ${command} of ${body.text}`;
      const options = { epochs: 1, target: 'interpreter' as const };
      if (apart)
        return endsWell(
          how,
          body.mayHold === true,
          await sgn(['run', path, '--epochs', '1', '--target', 'interpreter']),
        );
      const { runSession } = await import('../../../cli/session.js');
      const { inspectSession } = await import('../../../cli/inspectSession.js');
      const { checkSession } = await import('../../../cli/check.js');
      const session = (): Promise<Ending> => {
        switch (command) {
          case 'run':
            return runSession(path, options)();
          case 'inspect':
            return inspectSession(path, { graph: 'step', stage: 'fused', format: 'text', target: 'interpreter' })();
          default:
            return checkSession(path, { target: 'interpreter', float64Only: true })();
        }
      };
      return await judge(how, body.mayHold === true, async () => {
        const { result } = await captured(session);
        return result ?? E.left('');
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
