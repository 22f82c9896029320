/** The headers of tar archives (POSIX.1-1988 `ustar` and its forerunner): one block of 512 bytes before each member. */
import * as E from 'fp-ts/lib/Either.js';

/** Archives are made of blocks of this many bytes. */
export const tarBlockBytes = 512;

/** A member of an archive. */
export interface TarMember {
  readonly name: string;
  readonly bytes: number;
  /** Is it a file? Otherwise a folder, a link, or a record about the next member. */
  readonly isFile: boolean;
}

const text = (block: Uint8Array, from: number, to: number): string =>
  new TextDecoder('latin1').decode(block.subarray(from, to)).replace(/\0.*$/s, '');

const octal = (field: string): number | null => (/^ *[0-7]+ *$/.test(field) ? Number.parseInt(field.trim(), 8) : null);

/**
 * The member that a header block announces; null for the block of zeros that ends an archive; otherwise in words what
 * is wrong. The header's checksum is the sum of its bytes, its own eight bytes counting as spaces.
 */
export const parseTarHeader = (block: Uint8Array): E.Either<string, TarMember | null> => {
  if (block.every((byte) => byte === 0)) {
    return E.right(null);
  }
  const checksum = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (octal(text(block, 148, 156)) !== checksum) {
    return E.left('a header with a wrong checksum');
  }
  const bytes = octal(text(block, 124, 136));
  const type = text(block, 156, 157);
  return bytes === null
    ? E.left('a header without a size')
    : E.right({ name: text(block, 0, 100), bytes, isFile: type === '' || type === '0' });
};

/** Bytes between the end of a member and the next header. */
export const tarPadding = (member: TarMember): number =>
  (tarBlockBytes - (member.bytes % tarBlockBytes)) % tarBlockBytes;
