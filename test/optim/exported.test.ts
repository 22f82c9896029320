import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  type Expr,
  initialisers,
  input,
  likelihoods,
  meanSquaredError,
  mlp,
  mul,
  showDslError,
  typed,
  withLikelihood,
} from '../../dsl/index.js';
import {
  type Dataset,
  experiment,
  experimentOf,
  inspectableGraphs,
  inspectProblem,
  loadDataset,
  parseRunSettings,
  parseStudy,
  problem,
  run,
  showConfigError,
  showRunFailure,
  subjectOf,
} from '../../optim/index.js';
import { checkModel } from '../../runtime/check/model.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { foreign } from '../support/foreign.js';

const x = input('x', ['batch', 1]);
const y = input('y', ['batch', 1]);
const definition = {
  name: 'line',
  input: x,
  target: y,
  output: mlp(x, { hidden: [], outputs: 1 }),
  loss: meanSquaredError,
  metric: 'loss' as const,
  initialiser: initialisers.paperMlp,
};
const values = Float32Array.of(1, 2, 3, 4);
const split = { count: 4, inputs: values, inputShape: [1], targets: values, targetShape: [1] };
const data: Dataset = { name: 'numbers', train: split, test: split };
const settings = { batchSize: 4, epochs: 1 };
const own = experiment({ name: 'own', problem: problem(definition), dataset: () => TE.right(data), settings });

const boom = (): never => expect.fail('boom');
const throwing = new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom });
const getter = (key: string) => Object.defineProperty({}, key, { get: boom, enumerable: true });

/** What a module with this experiment ends in, whether where it is loaded or where its problem is asked for. */
const refusal = (given: unknown): string => {
  const loaded = experimentOf('./m.js', { default: given });
  return E.isLeft(loaded) ? showConfigError(loaded.left) : showDslError(leftOf(loaded.right.problem));
};

describe('what modules export', () => {
  const right = rightOf(own.problem);
  const experiments: readonly (readonly [what: string, given: unknown, message: RegExp])[] = [
    ['looks like a problem', { problem: E.right({ name: 'a', batch: 'b', parameters: { length: 3 } }) }, /^a: input: /],
    ['is Right of nothing', { problem: E.right(undefined) }, /`problem` is not what `problem\(\{ … \}\)` gives/],
    ['is Left of nothing', { problem: E.left(null) }, /`problem` is not what .* Left of null$/],
    ['is Left of what is no error', { problem: E.left({ _tag: 'ShapeError' }) }, /`problem` is not what .* Left of \{/],
    ['is neither', { problem: { _tag: 'Middle' } }, /`problem` is not what .*: neither Left nor Right$/],
    ['throws where it is read', { problem: E.right(throwing) }, /`problem` is not what .*: boom$/],
    ['has a loss that is none', { problem: E.right({ ...right, loss: 3 }) }, /^line: loss: expected a function/],
    ['has a name that is none', { problem: E.right({ ...right, name: {} }) }, /^problem: expected a text as its name/],
    ['has an output that is none', { problem: E.right({ ...right, output: { ...right.output } }) }, /^line: output: /],
    ['has settings that are none', { settings: null }, /^\.\/m\.js: settings: /],
    ['has settings that throw', { settings: getter('sgn') }, /^\.\/m\.js: settings: .*boom/],
    ['has published results that are none', { published: 'soon' }, /^\.\/m\.js: published: /],
    ['has a published result that is none', { published: [{ accuracy: 'high' }] }, /^\.\/m\.js: published\.0\./],
  ];
  for (const [what, changed, message] of experiments)
    it(`is refused where a part ${what}`, () => {
      const given = { ...own, ...foreign<object>(changed) };
      expect(refusal(given)).to.match(message).and.not.include('\n');
      const loaded = subjectOf('./m.js', { default: given });
      expect(E.isLeft(loaded) || E.isLeft(loaded.right.problem)).to.equal(true);
    });

  it('is refused where all of it throws, as experiment, model or study', () => {
    for (const module of [throwing, { default: throwing }, getter('default'), { default: getter('_tag') }]) {
      expect(showConfigError(leftOf(experimentOf('./m.js', module)))).to.match(/^\.\/m\.js: /);
      expect(showConfigError(leftOf(subjectOf('./m.js', module)))).to.match(/^\.\/m\.js: /);
    }
    expect(showConfigError(leftOf(parseStudy('./s.js', throwing)))).to.match(
      /^\.\/s\.js: the study cannot be read: boom/,
    );
  });

  it('is made again from its parts: what a problem says of its parameters is not believed', () => {
    const loaded = rightOf(
      experimentOf('./m.js', {
        default: { ...own, problem: E.right({ ...right, parameters: { length: 7 }, batch: 'z' }) },
      }),
    );
    expect(rightOf(loaded.problem)).to.deep.include({ batch: 'batch', parameters: right.parameters });
  });

  it('keeps the likelihood that its loss carries, which its value does not show', () => {
    const loss = withLikelihood(
      (z: typeof definition.output, t: typeof y): Expr<[]> => typed(mul(meanSquaredError(z, t), 3)),
      likelihoods.gaussian(2),
    );
    const weighted = problem({ ...definition, loss });
    const loaded = rightOf(experimentOf('./m.js', { default: { ...own, problem: weighted } }));
    expect(rightOf(weighted).likelihood).not.to.equal(undefined);
    expect(rightOf(loaded.problem).likelihood).to.equal(rightOf(weighted).likelihood);
  });
});

describe('a loss that fails', () => {
  /** A problem whose loss does something else from its n-th call on. */
  const failing = (n: number, otherwise: () => unknown) => {
    let calls = 0;
    const loss = (z: typeof definition.output, t: typeof y): Expr<[]> => {
      calls += 1;
      return calls < n ? meanSquaredError(z, t) : foreign(otherwise());
    };
    return problem({ ...definition, loss });
  };
  const hooks = {
    clock: () => 0,
    interrupted: () => false,
    onStep: () => () => undefined,
    onEpoch: () => async () => undefined,
  };
  const complete = rightOf(parseRunSettings({ ...settings, target: 'interpreter' }));

  it('is an error that names it, whichever call is the first that throws', async () => {
    expect(showDslError(leftOf(failing(1, boom)))).to.match(
      /^the loss of line: expected an expression, got a throw: boom/,
    );
    for (const n of [2, 3, 4, 5]) {
      const given = () => rightOf(failing(n, boom));
      for (const graph of inspectableGraphs) {
        const inspected = inspectProblem(given(), complete, graph);
        if (E.isLeft(inspected)) expect(showDslError(inspected.left), graph).to.include('the loss of line');
      }
      const checked = await checkModel(given())();
      if (E.isLeft(checked)) expect(checked.left.reason).to.include('the loss of line');
      const ran = await run(
        { problem: given(), settings: complete, dataset: data, target: interpreterTarget },
        hooks,
      )();
      if (E.isLeft(ran)) expect(showRunFailure(ran.left)).to.include('the loss of line');
    }
    expect(E.isLeft(inspectProblem(rightOf(failing(2, boom)), complete, 'ggn'))).to.equal(true);
    expect(E.isLeft(await checkModel(rightOf(failing(2, boom)))())).to.equal(true);
  });

  it('is an error where it gives something else', () => {
    for (const [given, shown] of [
      [undefined, 'undefined'],
      [0, '0'],
      [{ node: {}, shape: [] }, '{"node":{},"shape":[]}'],
      [Promise.resolve(1), '[object Promise]'],
    ])
      expect(showDslError(leftOf(failing(1, () => given)))).to.include(`got ${shown}`);
  });
});

describe('a loader', () => {
  const loaded = (dataset: unknown) =>
    loadDataset({ ...own, dataset: foreign(dataset) }, { folder: undefined, onDownload: () => undefined })();
  const loaders: readonly (readonly [what: string, loader: unknown, message: RegExp])[] = [
    ['fails without a message', () => TE.left(null), /^own: its dataset cannot be loaded, .*: Left of null$/],
    ['fails with a text', () => TE.left('no disk'), /: Left of "no disk"$/],
    ['is rejected', () => () => Promise.reject(undefined), /cannot be loaded: undefined$/],
    ['throws what has no text', () => () => Promise.reject(throwing), /cannot be loaded: a value without a text/],
    ['throws a symbol at once', () => expect.fail('at once'), /cannot be loaded: at once$/],
    ['gives no task', () => data, /must give TE\.right\(\{ name, train, test \}\): it gives \{/],
    ['gives a promise of a task', async () => TE.right(data), /it gives \[object Promise\]$/],
    ['gives no Either', () => async () => data, /it gives \{/],
    [
      'gives rows that only look like numbers',
      () => TE.right({ ...data, train: { ...split, inputs: new Proxy(values, {}) } }),
      /dataset\.train\.inputs: a Float32Array is needed$/,
    ],
    ['gives data that throw', () => TE.right({ ...data, test: throwing }), /^own: its dataset must give .*: boom$/],
    ['gives notes that are none', () => TE.right({ ...data, notes: [null] }), /dataset\.notes\.0: /],
  ];
  for (const [what, loader, message] of loaders)
    it(`that ${what} is a failure in one line`, async () => {
      expect(leftOf(await loaded(loader)).message)
        .to.match(message)
        .and.not.include('\n');
    });
});
