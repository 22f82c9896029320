#!/usr/bin/env node
/** The command `sgn`. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { visible } from '../dsl/index.js';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { experimentCommand } from './experiment.js';
import { inspectCommand } from './inspect.js';
import { runToEnd } from './process.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';

// The package's own file, found by the package's own name from sources and from a build alike.
const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)('sgn.js/package.json'));

const commands = [runCommand, experimentCommand, reportCommand, inspectCommand, checkCommand, benchCommand];

/** Does a command leave files, so that it goes on where nobody reads what it prints? */
const keepsFiles: Readonly<Record<string, (options: Readonly<Record<string, unknown>>) => boolean>> = {
  run: ({ out }) => out !== undefined,
  experiment: ({ list }) => list !== true,
  report: () => true,
  inspect: ({ out }) => out !== undefined,
  check: () => false,
  bench: ({ json }) => json !== undefined,
};

// what is wrong with arguments is said with the arguments in it
const shown = {
  writeErr: (text: string) => {
    process.stderr.write(visible(text));
  },
};

const program = new Command('sgn')
  .description('Train networks with the stochastic generalized Gauss-Newton method (Gargiani et al. 2020).')
  .version(version)
  .option('--debug', 'show the trace of an error that nobody expected')
  .showHelpAfterError('Run with --help to see what is possible.')
  .addHelpText('after', '\nStart with: sgn run mnist\nThen: sgn run --help');

// help and wrong usage end like everything else: through the one end of the process
program.exitOverride();
program.configureOutput(shown);
for (const command of commands)
  program.addCommand(command().exitOverride().configureOutput(shown).configureHelp({ showGlobalOptions: true }));

let files = false;
program.hook('preAction', (_, command) => {
  files = keepsFiles[command.name()]?.(command.opts()) ?? false;
});

const parse = async (): Promise<void> => {
  try {
    await program.parseAsync();
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    process.exitCode = thrown.exitCode;
  }
};

await runToEnd(parse, {
  keepsFiles: () => files,
  debug: () => program.opts().debug === true,
});
