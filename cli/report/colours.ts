/** Colours of figures and pages, for light and for dark surroundings. */

interface Scheme {
  readonly text: string;
  readonly muted: string;
  readonly background: string;
  readonly raised: string;
  readonly line: string;
  /** One per curve, told apart by people with any colour vision. */
  readonly series: readonly string[];
}

/** The schemes; series are the palette of Okabe & Ito (2008), darkened or lightened for contrast with the background. */
export const schemes: { readonly light: Scheme; readonly dark: Scheme } = {
  light: {
    text: '#1b1f24',
    muted: '#57606a',
    background: '#ffffff',
    raised: '#f6f8fa',
    line: '#d0d7de',
    series: ['#0068a8', '#c44e00', '#00805e', '#a8488a', '#8a6d00', '#2f93c9', '#6b6b6b', '#7a3db8'],
  },
  dark: {
    text: '#e6edf3',
    muted: '#9aa4af',
    background: '#0d1117',
    raised: '#161b22',
    line: '#30363d',
    series: ['#58b0ee', '#ff8f4d', '#2fc79d', '#e392c6', '#e0bd3f', '#9fd8f7', '#b5b5b5', '#c39bf0'],
  },
};

const variables = ({ text, muted, background, raised, line, series }: Scheme): string =>
  [
    `--text:${text}`,
    `--muted:${muted}`,
    `--background:${background}`,
    `--raised:${raised}`,
    `--line:${line}`,
    ...series.map((colour, i) => `--series-${i}:${colour}`),
  ].join(';');

/** Style sheet rules that set the variables on elements, by the reader's preference. */
export const colourRules = (selector: string): string =>
  `${selector}{${variables(schemes.light)}}@media(prefers-color-scheme:dark){${selector}{${variables(schemes.dark)}}}`;

/** The colour of the n-th curve. */
export const seriesColour = (n: number): string => `var(--series-${n % schemes.light.series.length})`;
