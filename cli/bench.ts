/** `sgn bench`: how fast the models are, against this machine's peak and against other libraries. */
import { Command } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type BenchReport, benchModels, runBench, showReport } from '../bench/index.js';
import { jsonText, replaceAt, showFileError } from './files.js';
import { examplesHelp } from './help.js';
import { parseCount } from './options.js';
import { print, refuse } from './terminal.js';

interface BenchCommandOptions {
  readonly json?: string;
  readonly peers?: boolean;
  readonly threads?: number;
}

const examples = examplesHelp(
  [
    ['sgn bench', 'every built-in model, about a minute on two cores'],
    ['sgn bench mnist boston', 'only these'],
    ['sgn bench --peers', 'the same work in jax-js and TensorFlow.js, in turn in the same run'],
    ['sgn bench --json bench.json', 'the figures as data'],
  ],
  'Milliseconds are medians. GFLOP/s and the share of the peak are of the GGN product: useful floating-point operations ' +
    "against a plain register-tiled matrix product in the same process. A peer's ratio is its time over ours. Quote ratios: " +
    'absolute times change with what else the machine is doing.',
);

const save = (path: string, report: BenchReport): TE.TaskEither<string, void> =>
  pipe(
    replaceAt(path, jsonText(report)),
    TE.mapLeft((error) => showFileError(error, 'name a file that can be written with --json')),
  );

/** The command. Exits with 0, or with 1 and one line on standard error that says what to do. */
export const benchCommand = (): Command =>
  new Command('bench')
    .description('Time forward pass, gradient, GGN product and SGN(10) step of the models on the wasm target.')
    .argument('[models...]', benchModels.join(', '))
    .option('--json <file>', 'write the figures as JSON')
    .option('--peers', 'time jax-js and TensorFlow.js as well (development dependencies)')
    .option('--threads <n>', 'threads of the wasm target (default: all cores)', parseCount)
    .addHelpText('after', examples)
    .action(async (models: readonly string[], { json, ...options }: BenchCommandOptions) => {
      await pipe(
        runBench({
          ...options,
          ...(models.length === 0 ? {} : { models }),
          onModel: (name) => process.stderr.write(`timing ${name} …\n`),
        }),
        // what was measured is shown, whether or not it can be kept
        TE.tapIO((report) => () => print(`${showReport(report)}\n`)),
        TE.flatMap((report) => (json === undefined ? TE.right(undefined) : save(json, report))),
        TE.match(refuse, () => undefined),
      )();
    });
