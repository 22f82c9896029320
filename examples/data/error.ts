/** What can go wrong between a data set's name and its rows, as values. */
import type { DatasetError } from '../../optim/dataset.js';
import { showDatasetError } from '../../optim/dataset.js';

/** What a file breaks: the first promise of its format that does not hold. */
export type FileFault =
  /** The first bytes are not those of the format, or promise images of another size. */
  | 'BadHeader'
  /** The file ends too early. */
  | 'Truncated'
  /** The file goes on after its last record. */
  | 'TrailingData'
  /** The gzip stream is damaged. */
  | 'BadCompression'
  /** The tar archive is damaged, or lacks a member. */
  | 'BadArchive'
  /** A label is not one of the classes. */
  | 'BadLabel'
  /** Images and labels differ in number. */
  | 'CountMismatch'
  /** A well-formed file of another data set. */
  | 'WrongDataset'
  /** Text that is not the table that was expected. */
  | 'BadTable';

/** Why one file could not be downloaded. */
export type DownloadError =
  /** It does not have the checksum of the official file; it was thrown away. */
  | { readonly _tag: 'ChecksumMismatch'; readonly url: string; readonly expected: string; readonly actual: string }
  /** It did not come, or not to its end. */
  | { readonly _tag: 'DownloadFailed'; readonly url: string; readonly reason: string };

/** An error of loading a data set. */
export type DataError =
  /** The folder that the user named is not there. */
  | { readonly _tag: 'FolderMissing'; readonly folder: string; readonly actual: string }
  /** A folder holds some files of the data set, but not all that are needed. */
  | {
      readonly _tag: 'FilesMissing';
      readonly dataset: string;
      readonly folder: string;
      readonly expected: readonly string[];
    }
  /** The operating system refuses to give the file. */
  | { readonly _tag: 'ReadFailed'; readonly path: string; readonly reason: string }
  | {
      readonly _tag: FileFault;
      readonly path: string;
      readonly expected: string;
      readonly actual: string;
    }
  /** The data set is in none of the known places and cannot be downloaded. */
  | {
      readonly _tag: 'DataUnavailable';
      readonly dataset: string;
      readonly files: readonly string[];
      readonly folder: string;
      readonly hint: string;
      readonly reason: DownloadError;
    }
  | DatasetError;

/** The fault of one file. */
export const fileFault = (tag: FileFault, path: string, expected: string, actual: string): DataError => ({
  _tag: tag,
  path,
  expected,
  actual,
});

/** The fault of a label that is none of the classes 0 … classes − 1. */
export const badLabel = (path: string, classes: number, label: number, row: number): DataError =>
  fileFault('BadLabel', path, `labels from 0 to ${classes - 1}`, `${label} in row ${row}`);

const remedies: Readonly<Record<FileFault, string>> = {
  BadHeader: 'replace it by the official file',
  Truncated: 'the file is incomplete; copy or download it again',
  TrailingData: 'replace it by the official file',
  BadCompression: 'the file is damaged; copy or download it again',
  BadArchive: 'the archive is damaged; copy or download it again',
  BadLabel: 'replace it by the official file',
  CountMismatch: 'images and labels must come from the same set',
  WrongDataset: 'put each data set into a folder of its own',
  BadTable: 'reinstall the package that ships it',
};

/** Why a download failed, without what to do about it. */
const showDownloadError = (error: DownloadError): string =>
  error._tag === 'ChecksumMismatch'
    ? `${error.url} has sha256 ${error.actual} instead of ${error.expected}`
    : `${error.url}: ${error.reason}`;

/** One line for people: what is wrong, and what to do. */
export const showDataError = (error: DataError): string => {
  switch (error._tag) {
    case 'FolderMissing':
      return `data folder ${error.folder}: ${error.actual}; name an existing folder with --data or SGN_DATA`;
    case 'FilesMissing':
      return `${error.dataset}: ${error.folder} lacks ${error.expected.join(', ')}; put the missing files there`;
    case 'ReadFailed':
      return `cannot read ${error.path}: ${error.reason}; check that the file is there and may be read`;
    case 'DataUnavailable':
      return `${error.dataset} is not on this machine and cannot be downloaded (${showDownloadError(error.reason)}); put ${error.files.join(', ')} into ${error.folder}, or name their folder with --data or SGN_DATA${error.hint}`;
    case 'DatasetError':
      return showDatasetError(error);
    default:
      return `${error.path}: expected ${error.expected}, got ${error.actual}; ${remedies[error._tag]}`;
  }
};
