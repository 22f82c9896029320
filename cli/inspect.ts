/** `sgn inspect`: looks into the graphs, passes, kernels and sources of a model. */
import { Command, Option } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { passes } from '../compiler/passes.js';
import { visible } from '../dsl/index.js';
import { inspectableGraphs } from '../optim/index.js';
import { sourceLanguages, targetNames } from '../runtime/index.js';
import { experimentNames } from './experiments.js';
import { replaceAt, showFileError } from './files.js';
import { examplesHelp } from './help.js';
import { defaultStage, formatNames, type InspectOptions, stageNames } from './inspectOptions.js';
import { inspectSession } from './inspectSession.js';
import { parseCount } from './options.js';
import { print, refuse } from './terminal.js';

const examples = examplesHelp(
  [
    ['sgn inspect mnist', 'the GGN product of the MNIST network, as text'],
    ['sgn inspect mnist --format math', 'the same as mathematics; also latex'],
    ['sgn inspect mnist --graph step --stage fused', 'the kernels of a whole SGN step, with FLOPs and bytes'],
    ['sgn inspect mnist --pass derived..simplify', 'what the simplification changed'],
    ['sgn inspect mnist --source wat --kernel sigmoid', 'the WebAssembly of the kernels with sigmoid in their name'],
    ['sgn inspect mnist --cost --profile', 'JVP, VJP and GGN as multiples of the forward pass, eqs (16), (17)'],
    ['sgn inspect mnist --format html --out mnist.html', 'the derivative explorer, one page for any browser'],
    [
      'sgn inspect ./my-model.js --graph gradient',
      'a module whose default export is problem({ … }) or experiment({ … })',
    ],
  ],
  'Stages: derived (as differentiation made it), simplified, staged (what runs once per step and what runs once per ' +
    'direction told apart; the default), fused (kernels), memory (the memory plan).',
  `Passes: derived, ${passes.map(({ name }) => name).join(', ')}, staged.`,
  'Sources need no device: wgsl and glsl are what gpu.js makes of gpujs for WebGPU and WebGL 2. With --target they are what ' +
    'that device got.',
);

const deliver = (text: string, file: string | undefined): TE.TaskEither<string, void> =>
  file === undefined
    ? TE.fromIO(() => print(text))
    : pipe(
        replaceAt(file, visible(text)),
        TE.mapLeft((error) => showFileError(error, 'name a file that can be written with --out')),
      );

/** The command. Exits with 0, or with 1 and one line on standard error that says what to do. */
export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('Look inside a model: its derivative graphs, compiler passes, kernels and their sources.')
    .argument('<model>', `${experimentNames.join(', ')}, or the path of a module with a model or an experiment`)
    .addOption(new Option('--graph <name>', 'what to look at').choices(inspectableGraphs).default('ggn'))
    .addOption(
      new Option('--stage <name>', `how far the compiler has come (default: ${defaultStage})`).choices(stageNames),
    )
    .option('--pass <a..b>', 'what changed between two passes')
    .addOption(new Option('--format <name>', 'how to show it').choices(formatNames).default('text'))
    .addOption(new Option('--source <language>', 'the emitted source of every kernel').choices(sourceLanguages))
    .option('--kernel <text>', 'of --stage fused or --source, only kernels with this in their name')
    .option('--cost', 'FLOPs and bytes of the derivatives, as multiples of the forward pass')
    .option(
      '--profile',
      'measured milliseconds besides, on --target: of kernels (--stage fused, --format html), of derivatives (--cost)',
    )
    .addOption(new Option('--target <name>', 'where to measure').choices(['auto', ...targetNames]).default('auto'))
    .option('--batch <n>', 'samples per mini-batch (default: the experiment’s, 100 for a model)', parseCount)
    .option('--out <file>', 'write to a file rather than to standard output')
    .addHelpText('after', examples)
    .action(async (name: string, options: InspectOptions) => {
      await pipe(
        inspectSession(name, options),
        TE.flatMap((text) => deliver(text, options.out)),
        TE.match(refuse, () => undefined),
      )();
    });
