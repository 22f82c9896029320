import { expect } from 'chai';
import * as O from 'fp-ts/lib/Option.js';
import { compose } from '../../../cli/report/compose.js';
import { type Block, paragraph, type Report, table } from '../../../cli/report/document.js';
import { curveSvg } from '../../../cli/report/figure.js';
import { html } from '../../../cli/report/html.js';
import { markdown } from '../../../cli/report/markdown.js';
import type { RunResult, StudyResults } from '../../../cli/report/results.js';
import { type EpochRecord, parseStudy, type Summary } from '../../../optim/index.js';
import { rightOf } from '../../support/evaluation.js';

const study = rightOf(
  parseStudy('study', {
    name: 'tables',
    title: 'Tables',
    benchmarks: {
      digits: {
        experiment: 'mnist',
        seconds: 20,
        published: {
          source: 'table 1',
          hardware: 'a GPU',
          seeds: 5,
          train: 60_000,
          rows: [
            { solver: 'SGD', label: 'SGD(1)', points: [{ seconds: 10, accuracy: 0.9, epochs: 1 }] },
            { solver: 'SGN(2)', label: 'SGN(2)', points: [{ seconds: 10, accuracy: 0.8, epochs: 2 }] },
          ],
          secondsPerStep: { 'SGN(2)': 1 },
          ranges: [{ solver: 'SGN(2)', quantity: 'trainLoss', epoch: 1, low: 1, high: 2, source: 'elsewhere' }],
        },
      },
      later: { experiment: 'mnist', epochs: 1 },
    },
    solvers: {
      'SGN(2)': { solver: 'sgn' },
      'SGD(1)': { solver: 'sgd', sweep: 'SGD' },
      'SGD(2)': { solver: 'sgd', sweep: 'SGD' },
      'SGD(9)': { solver: 'sgd', sweep: 'SGD' },
    },
    seeds: [0, 1],
    notes: ['A note of the author.'],
  }),
);

const run = (
  solver: string,
  seed: number,
  accuracies: readonly number[],
  secondsPerEpoch: number,
  failed?: string,
): RunResult => {
  const history: readonly EpochRecord[] = accuracies.map((testAccuracy, i) => ({
    epoch: i + 1,
    trainLoss: 1.5 / (i + 1),
    testAccuracy,
    seconds: secondsPerEpoch * (i + 1),
    stepSize: 1,
  }));
  const summary: Summary = {
    ending: failed === undefined ? 'Epochs' : 'Failed',
    ...(failed === undefined ? {} : { error: failed }),
    epochs: history.length,
    seconds: secondsPerEpoch * history.length,
    steps: 10 * history.length,
    target: 'wasm',
    device: 'two threads',
    date: '2026-01-01',
  };
  const identity = {
    experiment: 'mnist',
    parameters: [],
    dataset: { name: 'digits', train: 500, test: 100 },
    solver: 'sgn',
    batchSize: 50,
    seed,
    settings: {},
  };
  return {
    config: { benchmark: 'digits', solver, target: 'wasm', seed, parameters: 7, identity },
    history,
    summary: O.some(summary),
  };
};

const results: StudyResults = {
  study,
  invocations: [
    {
      date: '2026-01-02T03:04:05.000Z',
      command: 'sgn experiment tables',
      machine: { cpu: 'a CPU', cores: 2, memoryGiB: 8, system: 'linux', node: 'v20' },
    },
  ],
  runs: [
    run('SGN(2)', 0, [0.6, 0.76], 4),
    run('SGN(2)', 1, [0.7, 0.84], 6),
    run('SGD(1)', 0, [0.5, 0.7], 6),
    run('SGD(1)', 1, [0.5, 0.7], 6),
    run('SGD(2)', 0, [0.8, 0.85, 0.9], 4),
    run('SGD(2)', 1, [0.8, 0.85, 0.92], 4),
    run('SGD(9)', 0, [0.99], 4),
    run('SGD(9)', 1, [0.1], 4, 'step 2: the loss L(θ) is NaN'),
  ],
};

const report = compose(results, 'sgn report tables');

const rowsOf = (caption: RegExp): readonly (readonly string[])[] =>
  report.blocks.flatMap((block) => (block._tag === 'Table' && caption.test(block.caption) ? block.rows : []));

describe('a report', () => {
  it('sets accuracies at the same seconds beside the published ones, the best of a sweep for the sweep', () => {
    // After 10 s: SGN(2) at epochs 2 and 1, the second of which ended at 12 s; SGD(2) at epoch 2.
    expect(rowsOf(/after given seconds/)).to.deep.equal([
      ['SGD(1) / here SGD(2)', '90.0 (1)', '85.00 ± 0.00 (2)'],
      ['SGN(2)', '80.0 (2)', '73.00 ± 4.24 (1.5) †'],
    ]);
  });

  it('compares at the same epochs, and says when the difference is small and when the published accuracy was reached', () => {
    expect(rowsOf(/after the same epochs/)).to.deep.equal([
      ['SGD(2)', '1', '90.0', '80.00 ± 0.00', 'lower', '10', '12'],
      ['SGN(2)', '2', '80.0', '80.00 ± 5.66', 'better', '10', '10'],
    ]);
  });

  it('has the time of a step, single runs against their range, and the sweep with what failed', () => {
    expect(rowsOf(/seconds of one step/)).to.deep.equal([['SGN(2)', '1', '0.5', '2×']]);
    expect(rowsOf(/for orientation/)).to.deep.equal([
      ['SGN(2)', 'train loss', '1', '1 to 2', 'elsewhere', '1.5 ± 0', '1.5 to 1.5'],
    ]);
    expect(rowsOf(/Sweep/).map(([label, , failed, , best]) => [label, failed, best])).to.deep.equal([
      ['SGD(1)', '0', ''],
      ['SGD(2)', '0', '✓'],
      ['SGD(9)', '1', ''],
    ]);
  });

  it('states command, date and machine, and every deviation', () => {
    const text = markdown(report, 'figures');
    expect(text)
      .to.include('2026-01-02')
      .and.include('a CPU, 2 cores')
      .and.include('sgn experiment tables\nsgn report tables');
    for (const sentence of [
      'A note of the author.',
      'digits: 2 of the 5 seeds',
      'digits: 500 training samples instead of 60000.',
      'digits, SGD(9): 1 of 2 runs failed (step 2: the loss L(θ) is NaN); values are of the other one.',
      'later: not run.',
    ])
      expect(text).to.include(`- ${sentence}`);
  });

  describe('of a sweep in which every solver failed for some seed', () => {
    const failing = compose(
      {
        ...results,
        runs: [
          run('SGN(2)', 0, [0.6, 0.76], 4),
          run('SGD(1)', 0, [0.5], 4, 'step 1: NaN'),
          run('SGD(1)', 1, [0.5], 4, 'step 1: NaN'),
          run('SGD(2)', 0, [0.9], 4),
          run('SGD(2)', 1, [0.1], 4, 'step 2: NaN'),
          run('SGD(9)', 0, [0.1], 4, 'step 3: NaN'),
        ],
      },
      'sgn report tables',
    );
    const tables = failing.blocks.flatMap((block) => (block._tag === 'Table' ? [block] : []));

    it('ticks none, and says that none stands for it', () => {
      const [sweep] = tables.filter(({ caption }) => caption.includes('Sweep'));
      expect(sweep?.caption).to.equal('Sweep of SGD: none ended well for every seed, so none stands for it elsewhere');
      expect(sweep?.rows.map(([label, , failed, , best]) => [label, failed, best])).to.deep.equal([
        ['SGD(1)', '2', ''],
        ['SGD(2)', '1', ''],
        ['SGD(9)', '1', ''],
      ]);
      const [final] = tables.filter(({ caption }) => caption.startsWith('At the end'));
      expect(final?.rows.map(([label]) => label)).to.deep.equal(['SGN(2)']);
    });

    it('says of which runs the values are, where there are any', () => {
      const text = markdown(failing, 'figures');
      for (const sentence of [
        'digits, SGD(1): all 2 runs failed (step 1: NaN); it has no values.',
        'digits, SGD(2): 1 of 2 runs failed (step 2: NaN); values are of the other one.',
        'digits, SGD(9): its only run failed (step 3: NaN); it has no values.',
      ])
        expect(text).to.include(`- ${sentence}`);
    });
  });

  it('takes the best epoch on held-out samples where a run has such, and says so', () => {
    const validated = results.runs.map(
      (one): RunResult => ({
        ...one,
        history: one.history.map((record, i) => ({ ...record, validationAccuracy: 1 / (i + 1) })),
        config: { ...one.config, identity: { ...one.config.identity, validation: 40 } },
      }),
    );
    const { blocks } = compose({ ...results, runs: validated }, 'sgn report tables');
    const [, ours] = blocks.flatMap((block) =>
      block._tag === 'Table' && block.caption.includes('after given seconds') ? block.rows : [],
    );
    expect(ours).to.deep.equal(['SGN(2)', '80.0 (2)', '65.00 ± 7.07 (1) †']);
    const text = markdown({ ...report, blocks }, 'figures');
    expect(text)
      .to.include('digits, 500 training (40 of them held out) and 100 test samples')
      .and.include('digits: 40 training samples are not trained on; ');
  });

  it('draws train loss and accuracy against seconds and epochs', () => {
    const figures = report.blocks.flatMap((block) => (block._tag === 'Figure' ? [block] : []));
    expect(figures.map(({ name }) => name)).to.deep.equal([
      'digits-trainLoss-seconds',
      'digits-trainLoss-epochs',
      'digits-testAccuracy-seconds',
      'digits-testAccuracy-epochs',
    ]);
    for (const { svg } of figures) expect(svg.match(/aria-label="line"/g)).to.have.length(2);
  });
});

describe('a figure', () => {
  const figure = {
    title: 'a < b',
    xLabel: 'epochs',
    yLabel: 'loss',
    counted: true,
    logarithmic: true,
    curves: [{ label: '<SGN>', points: [1, 2, 3].map((x) => ({ x, y: 10 ** -x, low: -1, high: 1 })) }],
  };

  it('is an SVG image that follows light and dark mode, whatever its labels are', () => {
    const svg = curveSvg(figure);
    expect(svg).to.match(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).to.include('prefers-color-scheme:dark').and.include('&lt;SGN').and.not.include('<SGN>');
    expect(svg).not.to.match(/NaN|Infinity/);
  });

  it('has no points where there are none', () => {
    expect(curveSvg({ ...figure, curves: [] })).to.match(/<\/svg>$/);
    expect(
      curveSvg({ ...figure, curves: [{ label: 'flat', points: [{ x: 1, y: 0, low: 0, high: 0 }] }] }),
    ).not.to.match(/NaN/);
  });
});

describe('text in a report', () => {
  const nasty = '<script>alert("1")</script> | *a* _b_ `c` [d](e)';
  const blocks: readonly Block[] = [paragraph(nasty), table(nasty, [nasty, 'b'], [[nasty, '1']])];
  const made: Report = { title: nasty, blocks };

  it('never becomes markup', () => {
    expect(html(made)).to.include('&lt;script&gt;').and.not.include('<script>');
    const text = markdown(made, 'figures');
    expect(text).not.to.match(/(?<!\\)[<`*]script/);
    expect(
      text
        .split('\n')
        .filter((line) => /^\|/.test(line))
        .map((line) => line.match(/(?<!\\)\|/g)?.length),
    ).to.deep.equal([3, 3, 3]);
  });
});
