/** `sgn report`: what a study has reached, as Markdown and as one page of HTML. */
import { Command } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { typedCommand } from './command.js';
import { examplesHelp } from './help.js';
import { print, refuse } from './terminal.js';

const examples = examplesHelp(
  [
    ['sgn report runs/paper', 'report.md and report.html in the folder'],
    ['sgn report runs/paper --reproduction docs/reproduction.md', 'the same as a page of the documentation'],
  ],
  'The page of HTML holds its figures and needs nothing else. A study need not have ended: what its runs have reached is reported.',
);

/** The command. Exits with 0, or with 1 and one line on standard error that says what to do. */
export const reportCommand = (): Command =>
  new Command('report')
    .description('Report what a study has reached: tables beside the published ones, and figures.')
    .argument('<folder>', 'the folder of a study, as sgn experiment writes it')
    .option('--reproduction <file>', 'write this Markdown file, with its figures beside it, instead')
    .addHelpText('after', examples)
    .action(async (folder: string, options: unknown) => {
      const { reproduction } = z.object({ reproduction: z.string().optional() }).parse(options);
      // plots and their document are many modules, which no other command needs to wait for
      const { reportSession } = await import('./reportSession.js');
      await pipe(
        reportSession(folder, reproduction, typedCommand()),
        TE.match(refuse, (paths) => {
          for (const path of paths) print(`${path}\n`);
        }),
      )();
    });
