/** A report as data: what is said, apart from whether it becomes Markdown or HTML. */

/** A table. The first column is aligned left, the others right. */
export interface TableBlock {
  readonly _tag: 'Table';
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure: an SVG image that stands for itself. */
export interface FigureBlock {
  readonly _tag: 'Figure';
  /** The name of its file, without ending. */
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

/** A part of a report. */
export type Block =
  | { readonly _tag: 'Heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly _tag: 'Paragraph'; readonly text: string }
  | { readonly _tag: 'List'; readonly items: readonly string[] }
  | { readonly _tag: 'Code'; readonly text: string }
  | TableBlock
  | FigureBlock;

/** A report. */
export interface Report {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A heading. */
export const heading = (level: 1 | 2 | 3, text: string): Block => ({ _tag: 'Heading', level, text });
/** A paragraph. */
export const paragraph = (text: string): Block => ({ _tag: 'Paragraph', text });
/** A list of items. */
export const list = (items: readonly string[]): Block => ({ _tag: 'List', items });
/** Text as it is typed. */
export const code = (text: string): Block => ({ _tag: 'Code', text });
/** A table under its caption. */
export const table = (caption: string, head: readonly string[], rows: TableBlock['rows']): Block => ({
  _tag: 'Table',
  caption,
  head,
  rows,
});
