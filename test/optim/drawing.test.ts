import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { InspectedLevel, Inspection } from '../../compiler/index.js';
import { dotOf, drawingOf } from '../../compiler/print/dot.js';
import { inspectProblem, parseRunSettings } from '../../optim/index.js';
import { explorerData } from '../../web/index.js';
import { smallMlp } from './problems.js';

const inspected = (graph: 'cg' | 'step') =>
  pipe(
    E.Do,
    E.bind('problem', () => smallMlp),
    E.bindW('settings', () => parseRunSettings({ batchSize: 8, epochs: 1 })),
    E.bindW('found', ({ problem, settings }) => inspectProblem(problem, settings, graph)),
    E.bindW('compiled', ({ found }) => found.compile({ batch: 8 })),
    E.match(
      (error) => {
        throw new Error(JSON.stringify(error));
      },
      ({ found, compiled }) => ({ inspection: found.inspection, program: compiled.inspected }),
    ),
  );

const lastLevel = ({ levels }: Inspection): InspectedLevel => {
  const level = levels.at(-1);
  if (level === undefined) throw new Error('no level');
  return level;
};

const variables = ['curvature', 'direction', 'iteration', 'residual', 'residualProduct', 'solution', 'status'] as const;

/** The drawing as its reader sees it: nodes by `lane: first line of the label`, edges by ends and attributes. */
const drawn = (inspection: Inspection) => {
  const dot = dotOf(inspection, lastLevel(inspection));
  const nodes = new Map<string, { readonly lane: string; readonly title: string; readonly leaf: boolean }>();
  let lane = '';
  for (const line of dot.split('\n')) {
    lane = /subgraph cluster_(\w+)/.exec(line)?.[1] ?? lane;
    const [, id, kind, title] = /^ {4}(\w+) \[.*class="(leaf|value).*label="([^ ]+) /.exec(line) ?? [];
    if (id !== undefined && title !== undefined) nodes.set(id, { lane, title, leaf: kind === 'leaf' });
  }
  const edges = [...dot.matchAll(/^ {2}(\w+) -> (\w+) \[id="[^"]*"(.*)\];$/gm)].map(([, from = '', to = '', rest]) => ({
    from: nodes.get(from),
    to: nodes.get(to),
    back: rest?.includes('dir=back') === true,
  }));
  return { nodes: [...nodes.values()], edges };
};

for (const graph of ['cg', 'step'] as const)
  describe(`the drawing of the optimizer’s graph ${graph}`, () => {
    const { inspection, program } = inspected(graph);
    const { nodes, edges } = drawn(inspection);

    it('leads from the loop to every result of it', () => {
      const results = lastLevel(inspection).values.filter(({ definition }) => definition.text.includes('·end'));
      expect(results.map(({ key }) => key)).to.include.members([
        'status',
        'residualProduct',
        'curvature',
        'iterations',
      ]);
      const reached = edges.flatMap(({ from, to }) =>
        from?.title === 'loop₁' && to?.leaf === false ? [to.title] : [],
      );
      expect(reached).to.have.members(results.map(({ name }) => name.math));
    });

    it('shows the variables of the loop in the lane of the optimizer, with their values from the loop', () => {
      const shown = nodes.filter(({ leaf }) => leaf);
      const inOptimizer = shown.flatMap(({ lane, title }) => (lane === 'solver' ? [title] : []));
      expect(inOptimizer).to.include.members([...variables, 'damping', 'cgTolerance', 'cgIterations']);
      expect(shown.filter(({ lane }) => lane === 'primal').map(({ title }) => title)).to.have.members([
        'rows',
        'wanted',
      ]);
      const given = edges.flatMap(({ from, to, back }) => (back ? [[to?.title, from?.title]] : []));
      expect(given).to.have.deep.members(variables.map((name) => ['loop₁', name]));
    });

    it('is the same in the explorer: no value is made of a result that is computed after it', () => {
      const { values } = explorerData({ inspection, program, sources: [], timings: {} });
      const loop = values.findIndex(({ key }) => key === 'loop1');
      const status = values.find(({ key }) => key === 'status');
      expect(status?.uses).to.deep.equal([loop]);
      for (const [i, { key, uses }] of values.entries())
        for (const use of uses) expect(use, `${key} of ${values[use]?.key}`).to.be.below(i);
    });

    it('can be laid out', async () => {
      const svg = await drawingOf(inspection, lastLevel(inspection))();
      expect(E.isRight(svg) && svg.right).to.include('cluster_solver');
    });
  });
