/** `sgn report`: what a study has reached, as Markdown and as one page of HTML. */
import { basename, dirname, extname, join } from 'node:path';
import { Command } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { typedCommand } from './command.js';
import { makeFolder, replaceFile, showFileError } from './files.js';
import { compose } from './report/compose.js';
import type { Report } from './report/document.js';
import { html } from './report/html.js';
import { markdown } from './report/markdown.js';
import { readResults } from './report/results.js';

const examples = `
Examples:
  $ sgn report runs/paper                                        report.md and report.html in the folder
  $ sgn report runs/paper --reproduction docs/reproduction.md    the same as a page of the documentation

The page of HTML holds its figures and needs nothing else. A study need not have ended: what its runs have reached is reported.`;

/** A step: Left is one line for the user. */
type Step<A> = TE.TaskEither<string, A>;

/** Writes a Markdown file, and its figures into the folder of the same name beside it. */
const writeMarkdown = (path: string, report: Report): Step<void> => {
  const figures = `${basename(path, extname(path))}-figures`;
  const folder = join(dirname(path), figures);
  return pipe(
    makeFolder(folder),
    TE.flatMap(() =>
      TE.traverseSeqArray(({ name, svg }: { readonly name: string; readonly svg: string }) =>
        replaceFile(folder, `${name}.svg`, `${svg}\n`),
      )(report.blocks.filter((block) => block._tag === 'Figure')),
    ),
    TE.flatMap(() => replaceFile(dirname(path), basename(path), markdown(report, figures))),
    TE.mapLeft(showFileError),
  );
};

const writeHtml = (path: string, report: Report): Step<void> =>
  pipe(replaceFile(dirname(path), basename(path), html(report)), TE.mapLeft(showFileError));

/** Reads a study's folder and writes the report; gives the paths of what it wrote. */
export const reportSession = (
  folder: string,
  reproduction: string | undefined,
  command: string,
): Step<readonly string[]> =>
  pipe(
    readResults(folder),
    TE.map((results) => compose(results, command)),
    TE.flatMap((report): Step<readonly string[]> => {
      if (reproduction !== undefined)
        return pipe(
          writeMarkdown(reproduction, report),
          TE.map(() => [reproduction]),
        );
      const [text, page] = [join(folder, 'report.md'), join(folder, 'report.html')];
      return pipe(
        writeMarkdown(text, report),
        TE.flatMap(() => writeHtml(page, report)),
        TE.map(() => [text, page]),
      );
    }),
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
      await pipe(
        reportSession(folder, reproduction, typedCommand()),
        TE.match(
          (message) => {
            process.stderr.write(`sgn: ${message}\n`);
            process.exitCode = 1;
          },
          (paths) => {
            for (const path of paths) process.stdout.write(`${path}\n`);
          },
        ),
      )();
    });
