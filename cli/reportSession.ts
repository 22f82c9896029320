/** A study's report, from its folder to files. */
import { basename, dirname, extname, join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type FileError, makeFolder, removeStale, replaceAt, replaceFile, showFileError } from './files.js';
import { compose } from './report/compose.js';
import type { Report } from './report/document.js';
import { html } from './report/html.js';
import { markdown } from './report/markdown.js';
import { readResults } from './report/results.js';

/** A step: Left is one line for the user. */
type Step<A> = TE.TaskEither<string, A>;

const showUnwritten = (error: FileError): string =>
  showFileError(error, 'name a Markdown file in a writable folder with --reproduction');

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
    TE.flatMap(() => removeStale(folder, (name) => name.endsWith('.svg'))),
    TE.flatMap(() => replaceAt(path, markdown(report, figures))),
    TE.mapLeft(showUnwritten),
  );
};

const writeHtml = (path: string, report: Report): Step<void> =>
  pipe(replaceAt(path, html(report)), TE.mapLeft(showUnwritten));

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
