/** One inspection, from the words of the command line to its text. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { derivativeCosts } from '../compiler/inspect/costs.js';
import type { InspectedKernel, InspectedLevel, Inspection } from '../compiler/inspect/data.js';
import type { Inspected } from '../compiler/inspect/inspect.js';
import type { CompiledGraph } from '../compiler/inspect/program.js';
import { type EmittedSource, isSourceOf } from '../compiler/inspect/sources.js';
import { diffLines, showDiff } from '../compiler/print/diff.js';
import { dotOf, drawingOf } from '../compiler/print/dot.js';
import { latexLevel } from '../compiler/print/latex.js';
import { listLevel } from '../compiler/print/listing.js';
import { listCosts, listKernels, listMemory, type Timings } from '../compiler/print/program.js';
import { svgElement } from '../compiler/print/svg.js';
import { showDslError } from '../dsl/index.js';
import { inspectProblem, type Problem, parseRunSettings, type RunSettings, showConfigError } from '../optim/index.js';
import { chooseTarget, showTargetError, type Target, type TargetName } from '../runtime/index.js';
import { profileKernels, profileStages } from '../runtime/profile.js';
import { deviceSources, kernelSources, type SourceLanguage, sourceLanguages } from '../runtime/sources.js';
import { explorerData } from '../web/collect.js';
import { explorerPage } from '../web/page.js';
import { loadSubject } from './experiments.js';
import { contradiction, defaultStage, type InspectOptions } from './inspectOptions.js';

type Step<A> = TE.TaskEither<string, A>;

/** A loaded model with the graph that is asked for. */
interface Loaded {
  readonly problem: Problem;
  readonly settings: RunSettings;
  readonly inspected: Inspected;
}

const load = (name: string, { graph, batch }: InspectOptions): Step<Loaded> =>
  pipe(
    loadSubject(name),
    TE.mapLeft(showConfigError),
    TE.flatMapEither((subject) =>
      pipe(
        E.Do,
        E.bind('problem', () => pipe(subject.problem, E.mapLeft(showDslError))),
        E.bind('settings', () =>
          pipe(
            parseRunSettings({ ...subject.settings, ...(batch === undefined ? {} : { batchSize: batch }) }),
            E.mapLeft(showConfigError),
          ),
        ),
        E.bind('inspected', ({ problem, settings }) =>
          pipe(inspectProblem(problem, settings, graph), E.mapLeft(showDslError)),
        ),
      ),
    ),
  );

const compiledGraph = ({ problem, settings, inspected }: Loaded): E.Either<string, CompiledGraph> =>
  pipe(inspected.compile({ [problem.batch]: settings.batchSize }), E.mapLeft(showDslError));

/** Opens the target, uses it and lets it go, whatever comes of it. */
const onTarget = <A>(name: TargetName | 'auto', use: (target: Target) => Step<A>): Step<A> =>
  pipe(
    chooseTarget(name),
    TE.mapLeft(showTargetError),
    TE.flatMap(({ target }) => async () => {
      const result = await use(target)();
      target.dispose();
      return result;
    }),
  );

/** What was measured, and on which target. */
interface Measured {
  readonly timings: Timings;
  readonly target?: string;
}

const measuredBy = (compiled: CompiledGraph, { profile, target }: InspectOptions): Step<Measured> =>
  profile === true
    ? onTarget(target, (opened) =>
        pipe(
          profileKernels(opened, compiled.program),
          TE.mapLeft(showTargetError),
          TE.map((timings) => ({ timings, target: opened.name })),
        ),
      )
    : TE.right({ timings: {} });

/** The sources in a language, without a device; a kernel that it cannot hold says why in the place of its source. */
const sourcesOrReasons = ({ program }: CompiledGraph, language: SourceLanguage): Step<readonly EmittedSource[]> =>
  pipe(
    TE.fromTask(kernelSources(program, language)),
    TE.map(({ sources, refused }) => [
      ...sources,
      ...refused.map(
        ({ kernel, reason }): EmittedSource => ({
          kernel,
          language,
          text: `// no ${language} source: ${reason}; a smaller --batch may do`,
        }),
      ),
    ]),
  );

const sourcesIn = (
  compiled: CompiledGraph,
  language: SourceLanguage,
  { target }: InspectOptions,
): Step<readonly EmittedSource[]> =>
  target === 'auto' || language === 'gpujs' || language === 'wat'
    ? sourcesOrReasons(compiled, language)
    : onTarget(target, (opened) =>
        pipe(
          deviceSources(opened, compiled.program),
          TE.mapLeft(showTargetError),
          TE.map((sources) => sources.filter((source) => source.language === language)),
        ),
      );

/** The kernels with a text in their name, all of them without one. */
const chosenKernels = ({ inspected }: CompiledGraph, kernel = ''): E.Either<string, readonly InspectedKernel[]> => {
  const found = inspected.kernels.filter(({ name }) => name.includes(kernel));
  return found.length === 0
    ? E.left(`--kernel: no kernel has ${kernel} in its name; --stage fused lists them all`)
    : E.right(found);
};

const listSources = (kernels: readonly InspectedKernel[], sources: readonly EmittedSource[]): readonly string[] =>
  kernels.flatMap(({ name, stores, stage }) => [
    '',
    `// ${name} → ${stores} (${stage})`,
    ...sources.filter((source) => isSourceOf(name, source)).map(({ text }) => text),
  ]);

const lastPass = { derived: 'derived', simplified: 'innerConcatAsPads', staged: 'staged' } as const;

const levelAfter = ({ levels }: Inspection, pass: string): E.Either<string, InspectedLevel> => {
  const level = levels.find((candidate) => candidate.pass === pass);
  return level === undefined
    ? E.left(
        `--pass: ${pass === '' ? 'give two passes as a..b;' : `${pass} is no pass;`} they are ${levels.map((candidate) => candidate.pass).join(', ')}`,
      )
    : E.right(level);
};

const style = (format: InspectOptions['format']): 'text' | 'math' => (format === 'math' ? 'math' : 'text');

const difference = (inspection: Inspection, passes: string, format: InspectOptions['format']) => {
  const [before = '', after = ''] = passes.split('..');
  return pipe(
    [before, after].map((pass) => levelAfter(inspection, pass)),
    E.sequenceArray,
    E.map((levels) => levels.map((level) => listLevel(inspection, level, style(format)))),
    E.map(([left = [], right = []]) => showDiff(diffLines(left, right))),
  );
};

const costLines = ({ problem, settings }: Loaded, options: InspectOptions): Step<readonly string[]> =>
  pipe(
    TE.fromEither(pipe(derivativeCosts(problem, { [problem.batch]: settings.batchSize }), E.mapLeft(showDslError))),
    TE.flatMap((costs) =>
      options.profile === true
        ? onTarget(options.target, (target) =>
            pipe(
              costs,
              TE.traverseSeqArray(({ program }) => pipe(profileStages(target, program), TE.mapLeft(showTargetError))),
              TE.map((times) => listCosts(costs, times, target.name)),
            ),
          )
        : TE.right(listCosts(costs, [], '')),
    ),
  );

const drawn = (inspection: Inspection, level: InspectedLevel): Step<string> =>
  pipe(
    drawingOf(inspection, level),
    TE.mapLeft(({ reason }) => `the graph cannot be drawn: ${reason}`),
  );

const explorer = (loaded: Loaded, level: InspectedLevel, options: InspectOptions): Step<string> =>
  pipe(
    TE.fromEither(compiledGraph(loaded)),
    TE.bindTo('compiled'),
    TE.bind('measured', ({ compiled }) => measuredBy(compiled, options)),
    TE.bind('sources', ({ compiled }) =>
      TE.traverseSeqArray((language: SourceLanguage) => sourcesOrReasons(compiled, language))(sourceLanguages),
    ),
    TE.bind('svg', () => drawn(loaded.inspected.inspection, level)),
    TE.flatMap(({ compiled, measured, sources, svg }) =>
      pipe(
        explorerPage(
          explorerData({
            inspection: loaded.inspected.inspection,
            program: compiled.inspected,
            sources: sources.flat(),
            ...measured,
          }),
          svgElement(svg),
        ),
        TE.mapLeft(({ reason }) => reason),
      ),
    ),
  );

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

const showLevel = (loaded: Loaded, level: InspectedLevel, options: InspectOptions): Step<string> => {
  const { inspection } = loaded.inspected;
  switch (options.format) {
    case 'text':
    case 'math':
      return TE.right(text(listLevel(inspection, level, options.format)));
    case 'latex':
      return TE.right(text(latexLevel(inspection, level)));
    case 'dot':
      return TE.right(dotOf(inspection, level));
    case 'json':
      return TE.right(text([JSON.stringify({ ...inspection, levels: [level] }, null, 2)]));
    case 'svg':
      return drawn(inspection, level);
    case 'html':
      return explorer(loaded, level, options);
  }
};

const showKernels = (loaded: Loaded, stage: 'fused' | 'memory', options: InspectOptions): Step<string> =>
  pipe(
    TE.fromEither(compiledGraph(loaded)),
    TE.bindTo('compiled'),
    TE.bind('kernels', ({ compiled }) => TE.fromEither(chosenKernels(compiled, options.kernel))),
    TE.bind('measured', ({ compiled }) => measuredBy(compiled, options)),
    TE.map(({ compiled, kernels, measured: { timings, target } }) => {
      const inspected = { ...compiled.inspected, kernels };
      if (options.format === 'json') return text([JSON.stringify({ ...inspected, timings, target }, null, 2)]);
      const { model, graph } = loaded.inspected.inspection;
      const body = stage === 'memory' ? listMemory(inspected) : listKernels(inspected, timings);
      const on = target === undefined ? '' : `, measured on ${target}`;
      return text([`${model} · ${graph} · ${stage}${on}`, ...body]);
    }),
  );

const shown = (loaded: Loaded, options: InspectOptions): Step<string> => {
  const { inspection } = loaded.inspected;
  const { source, pass, stage = defaultStage, format } = options;
  if (options.cost === true) return pipe(costLines(loaded, options), TE.map(text));
  if (source !== undefined)
    return pipe(
      TE.fromEither(compiledGraph(loaded)),
      TE.bindTo('compiled'),
      TE.bind('kernels', ({ compiled }) => TE.fromEither(chosenKernels(compiled, options.kernel))),
      TE.bind('sources', ({ compiled }) => sourcesIn(compiled, source, options)),
      TE.map(({ kernels, sources }) => text(listSources(kernels, sources))),
    );
  if (pass !== undefined) return pipe(TE.fromEither(difference(inspection, pass, format)), TE.map(text));
  if (stage === 'fused' || stage === 'memory') return showKernels(loaded, stage, options);
  return pipe(
    TE.fromEither(levelAfter(inspection, lastPass[stage])),
    TE.flatMap((level) => showLevel(loaded, level, options)),
  );
};

/** The text that was asked for; Left is one line for the user. */
export const inspectSession = (name: string, options: InspectOptions): Step<string> => {
  const mistake = contradiction(options);
  return mistake === undefined
    ? pipe(
        load(name, options),
        TE.flatMap((loaded) => shown(loaded, options)),
      )
    : TE.left(mistake);
};
