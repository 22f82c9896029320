import { expect } from 'chai';
import boston from '../../../examples/boston.js';
import options from '../../../examples/options.js';
import paper from '../../../examples/paper.js';
import {
  isComplete,
  optimizerTitle,
  parseStudy,
  plannedRuns,
  plannedSettings,
  runFolder,
  type Selection,
  type Study,
  type StudyInput,
  selectStudy,
  sgnHyperparameters,
  showConfigError,
  solverSchemas,
} from '../../../optim/index.js';
import { leftOf, rightOf } from '../../support/evaluation.js';

const definition: StudyInput = {
  name: 'two',
  title: 'Two benchmarks',
  benchmarks: {
    small: { experiment: 'boston', epochs: 3 },
    large: { experiment: 'mnist', seconds: 5, limit: 2000, solvers: ['SGN(2)'] },
  },
  solvers: {
    'SGN(2)': { solver: 'sgn', sgn: { maxCgIterations: 2 } },
    'SGD(1)': { solver: 'sgd', sgd: { learningRate: 1 }, sweep: 'SGD' },
  },
  seeds: [4, 7],
};

const parsed = (value: unknown): Study => rightOf(parseStudy('study', value));
const refused = (value: unknown): string => showConfigError(leftOf(parseStudy('study', value)));
const study = parsed(definition);

describe('the description of a study', () => {
  it('is the same as a module or as JSON', () => {
    expect(parsed(JSON.parse(JSON.stringify(definition)))).to.deep.equal(study);
  });

  it('refuses what is wrong by name', () => {
    expect(refused({ ...definition, sedes: [1] })).to.match(/^study: .*sedes/);
    expect(refused({ ...definition, seeds: [1, 1] })).to.equal('study: seeds: the seeds must differ');
    expect(refused({ ...definition, seeds: [] })).to.match(/^study: seeds: /);
    expect(refused({ ...definition, targets: ['gpu'] })).to.match(/^study: targets\.0: /);
    expect(refused({ ...definition, benchmarks: { small: { experiment: 'boston' } } })).to.equal(
      'study: benchmarks.small: needs a budget: epochs, seconds, or both',
    );
    expect(refused({ ...definition, benchmarks: { '../up': { experiment: 'boston', epochs: 1 } } })).to.match(
      /^study: benchmarks\.\.\.\/up: /,
    );
    expect(
      refused({ ...definition, benchmarks: { a: { experiment: 'boston', epochs: 1, solvers: ['Adam'] } } }),
    ).to.equal('study: benchmarks.a.solvers: there is no solver Adam; there are SGN(2), SGD(1)');
    expect(refused({ ...definition, solvers: { s: { solver: 'sgn', sgn: { dampnig: 1 } } } })).to.match(
      /^study: solvers\.s\.sgn: .*dampnig/,
    );
    expect(
      refused({ ...definition, benchmarks: { a: { experiment: 'boston', epochs: 1, solvers: ['SGN(2)', 'SGN(2)'] } } }),
    ).to.equal('study: benchmarks.a.solvers: the solvers must differ');
    expect(refused({ ...definition, solvers: { '../x': { solver: 'sgn' } } })).to.match(
      /^study: solvers\.\.\.\/x: letters, digits/,
    );
    const more = JSON.parse('{ "__proto__": { "solver": "adam" } }');
    Object.defineProperty(more, 'SGN(2)', { value: { solver: 'sgn' }, enumerable: true });
    expect(refused({ ...definition, benchmarks: { a: { experiment: 'boston', epochs: 1 } }, solvers: more })).to.equal(
      'study: solvers: nothing can be named __proto__; choose another name',
    );
    expect(refused(null)).to.match(/^study: /);
  });

  it('refuses settings of another optimizer than a solver has, also where none is named', () => {
    const adam = { learningRate: 0.01 };
    const message = (solver: unknown): string =>
      refused({ ...definition, benchmarks: { b: { experiment: 'boston', epochs: 1 } }, solvers: { a: solver } });
    expect(message({ solver: 'sgd', adam })).to.match(
      /^study: solvers\.a\.adam: .*no effect.* solver is sgd; .* "solver": "adam"$/,
    );
    expect(message({ adam })).to.match(/^study: solvers\.a\.adam: .*no effect.* solver is sgn; /);
  });

  it('of the paper is valid', () => {
    const names = ['boston', 'sine', 'mnist', 'mnist-validated', 'fashion', 'cifar10'];
    expect(Object.keys(parsed(paper).benchmarks)).to.deep.equal(names);
  });

  it('of the paper compares SGN with fixed and adaptive numbers of CG iterations, SGD and Adam, on every benchmark', () => {
    const { benchmarks, solvers, seeds } = parsed(paper);
    const names = [
      ...['SGN(2)', 'SGN(3)', 'SGN(5)', 'SGN(10)', 'SGN(2-10)'],
      ...['SGD(10)', 'SGD(1)', 'SGD(0.1)', 'SGD(0.01)', 'SGD(0.001)'],
      ...['Adam(0.1)', 'Adam(0.01)', 'Adam(0.001)', 'Adam(0.0001)', 'Adam(0.00001)'],
    ];
    expect(Object.keys(solvers)).to.deep.equal(names);
    const { 'mnist-validated': validated, ...published } = benchmarks;
    expect(Object.keys(published)).to.have.length(5);
    for (const { solvers: own } of Object.values(published)) expect(own).to.equal(undefined);
    expect(validated?.solvers).to.deep.equal(names.slice(0, 4));
    expect(plannedRuns(parsed(paper))).to.have.length((5 * names.length + 4) * seeds.length);
  });

  it('of the paper holds samples out in one benchmark only, which is not the paper’s', () => {
    const held = Object.entries(parsed(paper).benchmarks).filter(([, { validation }]) => validation !== undefined);
    expect(held.map(([name]) => name)).to.deep.equal(['mnist-validated']);
  });

  it('of the options changes SGN(10) in one thing at a time', () => {
    const { 'SGN(10)': base, ...variants } = parsed(options).solvers;
    // what an option needs to act goes with it
    const companions = ['preconditionerExponent', 'minCgIterations', 'maxCgIterations', 'curvatureBatch'];
    for (const [name, { sgn }] of Object.entries(variants)) {
      const changed = sgnHyperparameters.keyof().options.filter((key) => sgn[key] !== base?.sgn[key]);
      expect(
        changed.filter((key) => !companions.includes(key)),
        name,
      ).to.have.length(1);
    }
  });

  it('of the paper tunes SGD and Adam by their learning rates alone, and SGN not at all', () => {
    const solvers = Object.entries(parsed(paper).solvers);
    const of = (sweep: string | undefined) => solvers.filter(([, solver]) => solver.sweep === sweep);
    const published = { ...sgnHyperparameters.parse({}), damping: 1e-4 };
    for (const [name, { solver, sgn }] of of(undefined)) {
      expect(solver, name).to.equal('sgn');
      const { minCgIterations, maxCgIterations, adaptiveCgIterations } = sgn;
      expect(sgn, name).to.deep.equal({ ...published, minCgIterations, maxCgIterations, adaptiveCgIterations });
      // the name without the dash that folders allow
      expect(optimizerTitle('sgn', sgn).replace('–', '-')).to.equal(name);
    }
    for (const [name, { solver, sgd }] of of('SGD')) {
      expect([solver, `SGD(${sgd.learningRate})`]).to.deep.equal(['sgd', name]);
      expect(sgd, name).to.deep.equal(solverSchemas.sgd.parse({ learningRate: sgd.learningRate }));
    }
    for (const [name, { solver, adam }] of of('Adam')) {
      expect([solver, `Adam(${adam.learningRate})`]).to.deep.equal(['adam', name]);
      expect(adam, name).to.deep.equal(solverSchemas.adam.parse({ learningRate: adam.learningRate }));
    }
    expect([undefined, 'SGD', 'Adam'].map((sweep) => of(sweep).length)).to.deep.equal([5, 5, 5]);
  });

  it('of the paper has the solvers and sweeps that published results are named after', () => {
    const { benchmarks, solvers } = parsed(paper);
    const known = [...Object.keys(solvers), ...Object.values(solvers).map(({ sweep }) => sweep)];
    const named = Object.values(benchmarks).flatMap(({ published }) => [
      ...(published?.rows ?? []).map(({ solver }) => solver),
      ...(published?.ranges ?? []).map(({ solver }) => solver),
      ...Object.keys(published?.secondsPerStep ?? {}),
    ]);
    expect(named.length).to.be.above(10);
    expect(named.filter((name) => !known.includes(name))).to.deep.equal([]);
  });
});

describe('the runs of a study', () => {
  it('are all combinations, seed by seed, each with a folder of its own', () => {
    const runs = plannedRuns({ ...study, targets: ['wasm', 'gpujs:cpu'] });
    expect(runs).to.have.length(2 * 2 * 2 + 2 * 2);
    expect(runs.map(({ seed }) => seed).slice(0, 4)).to.deep.equal([4, 4, 4, 4]);
    const folders = runs.map((run) => runFolder(run).join('/'));
    expect(new Set(folders).size).to.equal(runs.length);
    expect(folders[2]).to.equal('small/SGN(2)/gpujs-cpu/seed-4');
  });

  it('have the settings of their solver alone, with the budget and the seed', () => {
    const [, descent] = plannedRuns(study);
    const settings = rightOf(
      plannedSettings(study, descent ?? { benchmark: '', solver: '', target: 'auto', seed: 0 }, boston),
    );
    expect(settings).to.deep.include({ solver: 'sgd', epochs: 3, seed: 4, batchSize: 101, target: 'auto' });
    expect(settings.sgd.learningRate).to.equal(1);
    // The experiment's own damping is 1e-4: a solver does not depend on the benchmark.
    expect(settings.sgn.damping).to.equal(1e-3);
  });

  it('end by seconds where that is the only budget', () => {
    const run = plannedRuns(study).find(({ benchmark }) => benchmark === 'large');
    const settings = run === undefined ? undefined : rightOf(plannedSettings(study, run, boston));
    expect([settings?.epochs, settings?.seconds]).to.deep.equal([Number.MAX_SAFE_INTEGER, 5]);
  });
});

describe('a part of a study', () => {
  const part = (selection: Selection): Study => rightOf(selectStudy(study, selection));

  it('has the benchmarks, solvers, seeds and targets that are asked for', () => {
    expect(Object.keys(part({ benchmarks: ['large'] }).benchmarks)).to.deep.equal(['large']);
    expect(part({ seeds: 1 }).seeds).to.deep.equal([4]);
    expect(part({ targets: ['wasm'] }).targets).to.deep.equal(['wasm']);
    expect(plannedRuns(part({ solvers: ['SGD(1)'] })).map(({ benchmark }) => benchmark)).to.deep.equal([
      'small',
      'small',
    ]);
  });

  it('has the budgets and limits that are asked for; a limit never grows', () => {
    expect(part({ epochs: 9 }).benchmarks.small?.epochs).to.equal(9);
    expect(part({ limit: 9000 }).benchmarks.large?.limit).to.equal(2000);
    expect(part({ limit: 500 }).benchmarks.small?.limit).to.equal(500);
  });

  it('refuses names that the study does not have', () => {
    const message = (selection: Selection): string => showConfigError(leftOf(selectStudy(study, selection)));
    expect(message({ benchmarks: ['mnist'] })).to.equal(
      'benchmarks: there is no mnist in the study; there are small, large',
    );
    expect(message({ solvers: ['SGN(3)'] })).to.equal(
      'solvers: there is no SGN(3) in the study; there are SGN(2), SGD(1)',
    );
    expect(message({ seeds: 3 })).to.equal('seeds: the study has 2, not 3');
  });

  it('has at least one run', () => {
    expect(showConfigError(leftOf(selectStudy(study, { benchmarks: ['large'], solvers: ['SGD(1)'] })))).to.equal(
      'solvers: the study does not run SGD(1) on large; choose others of its solvers or benchmarks',
    );
    expect(refused({ ...definition, benchmarks: {} })).to.equal('study: benchmarks: at least one is needed');
    expect(refused({ ...definition, solvers: {} })).to.match(/^study: solvers: at least one is needed/);
  });
});

describe('a run that has ended', () => {
  const summary = { epochs: 3, seconds: 10, steps: 12, target: 'wasm', device: '', date: '' };

  it('is complete when its budget is used up, or when it failed', () => {
    const complete = (
      ending: 'Epochs' | 'Seconds' | 'Interrupted' | 'Failed',
      budget: Parameters<typeof isComplete>[1],
    ) => isComplete({ ...summary, ending }, budget);
    expect(complete('Epochs', { epochs: 3 })).to.equal(true);
    expect(complete('Epochs', { epochs: 4 })).to.equal(false);
    expect(complete('Seconds', { epochs: 99, seconds: 10 })).to.equal(true);
    expect(complete('Seconds', { epochs: 99, seconds: 11 })).to.equal(false);
    expect(complete('Interrupted', { epochs: 3 })).to.equal(false);
    expect(complete('Failed', { epochs: 99 })).to.equal(true);
  });
});
