/**
 * The safetensors format (github.com/huggingface/safetensors): an 8-byte little-endian header length, a JSON header that
 * gives every tensor's type, shape and byte range, then the elements. NumPy, PyTorch and JAX load it.
 */

import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { at, zip } from '../dsl/internal.js';

/** A named array of float32, row-major. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Bytes that are no safetensors file of float32 arrays. */
export interface SafetensorsError {
  readonly _tag: 'SafetensorsError';
  readonly expected: string;
  readonly actual: string;
}

const lengthBytes = 8;

// The format's own limit, against headers that are made to exhaust a reader.
const mostHeaderBytes = 100_000_000;

// Of a header that is none, enough to recognise it.
const shownCharacters = 60;

const tensorHeader = z.object({
  dtype: z.literal('F32'),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

// Free text about the file, which the format allows beside the tensors.
const metadataName = '__metadata__';

const writeFloats = (view: DataView, at: number, values: Float32Array): void => {
  for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
};

/** The file's bytes. Names must differ, and none is `__metadata__`: the format has that for itself. */
export const encodeSafetensors = (tensors: readonly Tensor[]): Uint8Array => {
  let end = 0;
  const starts = tensors.map(({ values }) => {
    const start = end;
    end += 4 * values.length;
    return start;
  });
  const entries = zip(tensors, starts, 'encodeSafetensors').map(([{ name, shape, values }, start]) => [
    name,
    { dtype: 'F32', shape, data_offsets: [start, start + 4 * values.length] },
  ]);
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // The elements start at a multiple of 8 bytes; the format pads its header with spaces.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + headerBytes + end).fill(0x20, 0, lengthBytes + headerBytes);
  bytes.set(json, lengthBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  for (const [i, { values }] of tensors.entries())
    writeFloats(view, lengthBytes + headerBytes + at(starts, i, 'encodeSafetensors'), values);
  return bytes;
};

const fault = (expected: string, actual: string): SafetensorsError => ({ _tag: 'SafetensorsError', expected, actual });

interface Entry extends z.output<typeof tensorHeader> {
  readonly name: string;
}

const parseEntry = (name: string, value: unknown): E.Either<SafetensorsError, Entry> => {
  const parsed = tensorHeader.safeParse(value);
  const issue = parsed.error?.issues[0];
  return parsed.success
    ? E.right({ name, ...parsed.data })
    : E.left(fault('float32 tensors in the header', `${[name, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`));
};

/** The names of an object in JSON text, in its order and as often as they stand there: `JSON.parse` keeps the last of equals. */
const namesIn = (text: string): readonly string[] => {
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;
  const names: string[] = [];
  let depth = 0;
  let before = '';
  for (const [found] of text.matchAll(token)) {
    if (found === '{' || found === '[') depth += 1;
    if (found === '}' || found === ']') depth -= 1;
    if (depth === 1 && found.startsWith('"') && (before === '{' || before === ',')) names.push(JSON.parse(found));
    before = found;
  }
  return names;
};

const repeated = (names: readonly string[]): string | undefined => {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
};

const parseHeader = (text: string): E.Either<SafetensorsError, readonly Entry[]> =>
  E.flatMap(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      () => fault('a header in JSON', `${text.length} characters that are none`),
    ),
    (json) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json))
        return E.left(fault('tensors by name in the header', text.slice(0, shownCharacters)));
      const twice = repeated(namesIn(text));
      return twice === undefined
        ? E.traverseArray(([name, value]: [string, unknown]) => parseEntry(name, value))(
            Object.entries(json).filter(([name]) => name !== metadataName),
          )
        : E.left(fault('every name once in the header', `${twice} twice`));
    },
  );

/** Where tensors do not fill the bytes behind the header one after the other, as the format wants; nothing if they do. */
const gapOrOverlap = (entries: readonly Entry[], bytes: number): SafetensorsError | undefined => {
  const ordered = [...entries].sort(({ data_offsets: [a, aEnd] }, { data_offsets: [b, bEnd] }) => a - b || aEnd - bEnd);
  let end = 0;
  let before = 'the header';
  for (const {
    name,
    data_offsets: [from, to],
  } of ordered) {
    if (from !== end)
      return fault(
        `${name} at byte ${end}, behind ${before}`,
        from < end ? `byte ${from}, where they overlap` : `byte ${from}, behind a hole`,
      );
    end = to;
    before = name;
  }
  return end === bytes ? undefined : fault(`${end} bytes of tensors`, `${bytes} bytes`);
};

/** The arrays of a file, in its order; an error names what the bytes break. */
export const decodeSafetensors = (bytes: Uint8Array): E.Either<SafetensorsError, readonly Tensor[]> => {
  if (bytes.length < lengthBytes) return E.left(fault(`at least ${lengthBytes} bytes`, `${bytes.length}`));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = lengthBytes + Number(view.getBigUint64(0, true));
  if (start > bytes.length) return E.left(fault(`a header of ${start - lengthBytes} bytes`, `${bytes.length} bytes`));
  if (start - lengthBytes > mostHeaderBytes)
    return E.left(fault(`a header of at most ${mostHeaderBytes} bytes`, `${start - lengthBytes} bytes`));
  return E.flatMap(parseHeader(new TextDecoder().decode(bytes.subarray(lengthBytes, start))), (entries) => {
    const sized = entries.map(({ name, shape, data_offsets: [from, to] }) => ({
      name,
      shape,
      from: start + from,
      to: start + to,
      length: shape.reduce((product, extent) => product * extent, 1),
    }));
    const wrong = sized.find(({ from, to, length }) => to - from !== 4 * length || to > bytes.length);
    if (wrong !== undefined)
      return E.left(
        fault(
          `${4 * wrong.length} bytes of ${wrong.name} within the file`,
          `bytes ${wrong.from} to ${wrong.to} of ${bytes.length}`,
        ),
      );
    const misplaced = gapOrOverlap(entries, bytes.length - start);
    return misplaced === undefined
      ? E.right(
          sized.map(({ name, shape, from, length }) => ({
            name,
            shape,
            values: Float32Array.from({ length }, (_, i) => view.getFloat32(from + 4 * i, true)),
          })),
        )
      : E.left(misplaced);
  });
};
