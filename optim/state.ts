/**
 * Optimizer states as plain data that JSON holds without loss: numbers as they are (JSON prints a float64 so that it
 * reads back the same), float32 vectors as base64 of their little-endian bytes.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import type { DeviceArray, TargetError } from '../runtime/target.js';

/** A flat vector [d]: on the host, as at the start, or on the target, as every step leaves it. Never written to. */
export type DeviceVector = Float32Array | DeviceArray;

/** A copy of the elements on the host. */
export const readVector = (vector: DeviceVector): TE.TaskEither<TargetError, Float32Array> =>
  vector instanceof Float32Array ? TE.right(vector.slice()) : vector.read;

/** A copy on the host of a vector that a state may lack. */
export const readOptionalVector: (
  vector: O.Option<DeviceVector>,
) => TE.TaskEither<TargetError, O.Option<Float32Array>> = O.traverse(TE.ApplicativePar)(readVector);

/** Data that is no state of the optimizer, or a state that JSON cannot hold. */
export interface StateError {
  readonly _tag: 'StateError';
  /** The field, for example `theta`. */
  readonly field: string;
  readonly problem: string;
}

/** One line for people. */
export const showStateError = ({ field, problem }: StateError): string => `optimizer state, ${field}: ${problem}`;

/** Between states and plain data: `decode` after `encode` gives a state that steps to the same bits. */
export interface StateCodec<State> {
  /** The state as a value that JSON holds. */
  readonly encode: (state: State) => TE.TaskEither<TargetError | StateError, unknown>;
  readonly decode: (encoded: unknown) => E.Either<StateError, State>;
}

const bytesPerFloat = 4;

const floatsOf = (text: string): Float32Array => {
  const bytes = z.util.base64ToUint8Array(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / bytesPerFloat }, (_, i) =>
    view.getFloat32(bytesPerFloat * i, true),
  );
};

const textOf = (values: Float32Array): string => {
  const bytes = new Uint8Array(bytesPerFloat * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(bytesPerFloat * i, value, true);
  return z.util.uint8ArrayToBase64(bytes);
};

const base64Length = (length: number): number => 4 * Math.ceil((bytesPerFloat * length) / 3);

/** The schema of a float32 vector [length] in plain data. */
export const vectorSchema = (length: number) =>
  z.codec(
    z.base64().length(base64Length(length), { error: `expected ${length} float32 numbers in base64` }),
    z.custom<Float32Array>((value) => value instanceof Float32Array && value.every(Number.isFinite), {
      error: `expected ${length} finite float32 numbers`,
    }),
    { decode: floatsOf, encode: textOf },
  );

/** The schema of a value that may be missing. */
export const optionSchema = <S extends z.ZodType>(value: S) =>
  z.discriminatedUnion('_tag', [
    z.strictObject({ _tag: z.literal('None') }),
    z.strictObject({ _tag: z.literal('Some'), value }),
  ]);

/** The schema of `OptimizerState.step`. */
export const stepSchema = z.int().min(0);

const stateError = ({ issues: [issue] }: z.ZodError): StateError => ({
  _tag: 'StateError',
  field: issue?.path.join('.') || 'the whole',
  problem: issue?.message ?? 'not valid',
});

/** A float32 vector as text, in the base64 of `vectorSchema`. */
export const encodeVector = textOf;

/** The vector [length] in the text of a field. */
export const decodeVector = (field: string, length: number, text: unknown): E.Either<StateError, Float32Array> => {
  const decoded = vectorSchema(length).safeParse(text);
  return decoded.success ? E.right(decoded.data) : E.left({ ...stateError(decoded.error), field });
};

/** The codec of states whose copies on the host, as `read` makes them, are described by a schema. */
export const stateCodec = <State, S extends z.ZodType<State>>(
  schema: S,
  read: (state: State) => TE.TaskEither<TargetError, z.output<S>>,
): StateCodec<State> => ({
  encode: (state) =>
    pipe(
      read(state),
      TE.flatMapEither((host): E.Either<TargetError | StateError, unknown> => {
        const encoded = z.safeEncode(schema, host);
        return encoded.success ? E.right(encoded.data) : E.left(stateError(encoded.error));
      }),
    ),
  decode: (encoded) => {
    const decoded = schema.safeParse(encoded);
    return decoded.success ? E.right(decoded.data) : E.left(stateError(decoded.error));
  },
});
