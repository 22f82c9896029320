/** What stands below a command's options in its help: examples and paragraphs, in the 80 columns of a plain terminal. */

/** A command as one would type it, and what it does where that is not plain. */
export type Example = readonly [command: string, does?: string];

const width = 80;
const column = 48;

// A longer word has a line of its own.
const wrapped = (text: string, most: number): readonly string[] =>
  text.match(new RegExp(`\\S(?:.{0,${most - 2}}\\S)?(?=\\s|$)|\\S+`, 'g')) ?? [];

const exampleLines = ([command, does]: Example): readonly string[] => {
  const typed = `  $ ${command}`;
  if (does === undefined) return [typed];
  const [first = '', ...more] = wrapped(does, width - column);
  const indented = (line: string): string => `${' '.repeat(column)}${line}`;
  return typed.length + 2 <= column
    ? [`${typed.padEnd(column)}${first}`, ...more.map(indented)]
    : [typed, ...[first, ...more].map(indented)];
};

/** Examples, then paragraphs that are wrapped. */
export const examplesHelp = (examples: readonly Example[], ...paragraphs: readonly string[]): string =>
  [
    '',
    'Examples:',
    ...examples.flatMap(exampleLines),
    ...paragraphs.flatMap((text) => ['', ...wrapped(text, width)]),
  ].join('\n');
