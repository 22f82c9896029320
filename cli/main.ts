#!/usr/bin/env node
/** The command `sgn`. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { z } from 'zod';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { experimentCommand } from './experiment.js';
import { inspectCommand } from './inspect.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';

// The package's own file, found by the package's own name from sources and from a build alike.
const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)('sgn.js/package.json'));

const commands = [runCommand, experimentCommand, reportCommand, inspectCommand, checkCommand, benchCommand];

const program = new Command('sgn')
  .description('Train networks with the stochastic generalized Gauss-Newton method (Gargiani et al. 2020).')
  .version(version)
  .showHelpAfterError('Run with --help to see what is possible.')
  .addHelpText('after', '\nStart with: sgn run mnist\nThen: sgn run --help');

for (const command of commands) program.addCommand(command());

// who reads our output may have seen enough, as in `sgn inspect mnist | head`; runs keep every epoch as they go
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

await program.parseAsync();
