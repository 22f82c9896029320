/** `sgn run`: trains one experiment. */
import { Command, Option } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { solverNames } from '../optim/index.js';
import { targetNames } from '../runtime/index.js';
import { experimentNames } from './experiments.js';
import { examplesHelp } from './help.js';
import { exitAsEnded } from './interrupt.js';
import { addHyperparameters, parseCount, parseNumber } from './options.js';
import { type RunOptions, runSession } from './session.js';
import { refuse } from './terminal.js';

const examples = examplesHelp(
  [
    ['sgn run mnist', "the paper's MNIST network with SGN(3), 33 epochs as published"],
    ['sgn run mnist --cg 10 --epochs 3', 'SGN(10): at most 10 CG iterations per step'],
    ['sgn run cifar10 --limit 5000', 'trains on a part of the data'],
    ['sgn run mnist --solver sgd --learning-rate 1 --seconds 25'],
    ['sgn run mnist --seconds 100 --validation 5000', 'keeps the epoch that is best on held-out samples'],
    ['sgn run boston --trust-region off --damping 1e-3 --damping-schedule cosine'],
    ['sgn run sine --seed 3 --out runs/sine-3', 'leaves config, history and parameters in the folder'],
    ['sgn run sine --seed 3 --out runs/sine-3 --resume runs/sine-3', 'goes on there'],
    ['sgn run ./my-experiment.js', 'a module whose default export is experiment({ … })'],
  ],
  'A module is imported by Node: .js and .mjs always, .ts where TypeScript can be imported, for example under ' +
    '`node --import tsx`. Parameters are saved as safetensors, which NumPy, PyTorch and JAX load.',
  'Ctrl-C (SIGINT) or SIGTERM ends the run after the current step; the table and ' +
    '--out keep what was reached, and the exit code is 130 or 143. One process at a ' +
    'time uses a folder: sgn.lock in it says which. A run that is killed leaves the ' +
    'whole of its last epoch or, before its first, what the folder held before.',
);

/** The command. Exits with 0; with 130 or 143 if a signal ended it; or with 1 and one line on standard error that says what to do. */
export const runCommand = (): Command =>
  addHyperparameters(
    new Command('run')
      .description('Train an experiment and show how it goes: one line per epoch, a table at the end.')
      .argument('<experiment>', `${experimentNames.join(', ')}, or the path of an experiment module`)
      .addOption(new Option('--solver <name>', 'the optimizer').choices(solverNames))
      .option('--cg <n>', 'n of SGN(n): short for --max-cg-iterations', parseNumber)
      .option('--epochs <n>', 'end after so many passes over the training data', parseNumber)
      .option('--seconds <s>', 'end after so many seconds of training', parseNumber)
      .option('--batch <n>', 'samples per mini-batch', parseNumber)
      .option('--seed <n>', 'of the initial parameters and the order of the samples', parseNumber)
      .option('--limit <n>', 'train on the first n samples only', parseCount)
      .option(
        '--validation <n>',
        'hold n training samples out; the parameters kept are those of the epoch that is best on them',
        parseCount,
      )
      .addOption(new Option('--target <name>', 'where the programs run').choices(['auto', ...targetNames]))
      .option('--data <folder>', 'look for data files here first (also: SGN_DATA); boston and sine read none')
      .option(
        '--out <folder>',
        'write config, history, summary, parameters (safetensors) and checkpoint into this folder; it holds no run yet',
      )
      .option(
        '--overwrite',
        'with --out: replace the run that the folder holds, once this one has completed an epoch or its --seconds',
      )
      .option('--save-every <n>', 'with --out: a checkpoint every n epochs (default: 1)', parseCount)
      .option(
        '--resume <path>',
        "go on from a checkpoint of the same run: the file, or the run's folder, which may be that of --out",
      )
      .option('--init <path>', "start from the parameters of a checkpoint, a safetensors file or a run's folder"),
  )
    .addHelpText('after', examples)
    .action(async (name: string, options: RunOptions) => {
      await pipe(runSession(name, options), TE.match(refuse, exitAsEnded))();
    });
