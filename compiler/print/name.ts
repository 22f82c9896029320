/** Readable names of expressions, as data, and how each style writes them. */
import { at } from '../../dsl/internal.js';
import { greekLetters, latexWord } from './escape.js';

/** The ways in which expressions are written: plain text for listings, Unicode mathematics, LaTeX. */
export type Style = 'text' | 'math' | 'latex';

/** A name such as `W₁`, `ż₁`, `δ₂`, `σ′(z₁)` or `(Gv)_W₁`. */
export interface Name {
  /** `z`, `W`, `pixels`. */
  readonly base: string;
  /** The layer or counter, or empty. */
  readonly index: string;
  /** A dot marks what depends on the direction v linearly, a bar a cotangent that has no letter of its own. */
  readonly accent: 'none' | 'dot' | 'bar';
  /** Marks where it is computed, if not as the gradient is: `z₁⁺` at θ⁺, `z₁⁺⁺` at θ⁺⁺, `z₁ᶜ` on the curvature's samples. */
  readonly raised?: string;
  /** Where a derivative is taken: `base` is then the function, and the name reads `base′(at)`. */
  readonly at?: Name;
  /** The parameter whose piece of the flat vector `base` this is. */
  readonly piece?: Name;
}

/** `W1` is W with index 1, `pixels` has no index: a name from how a user spelled it. */
export const nameOf = (spelled: string): Name => {
  const found = /^([A-Za-z]+?)[_.]?(\d[\w.]*)$/.exec(spelled);
  return found === null
    ? { base: spelled, index: '', accent: 'none' }
    : { base: at(found, 1, 'nameOf'), index: at(found, 2, 'nameOf'), accent: 'none' };
};

/** The name with an accent. */
export const accented = (name: Name, accent: Name['accent']): Name => ({ ...name, accent });

const subscripts: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789'].map((digit, i) => [digit, String.fromCodePoint(0x2080 + i)]),
);

const combining: Readonly<Record<Name['accent'], string>> = { none: '', dot: '\u0307', bar: '\u0304' };

/** The accent stands on the first letter of a name of one letter, and on the last of a longer one. */
const withAccent = (base: string, accent: Name['accent']): string => `${base}${combining[accent]}`.normalize('NFC');

// products are written letter by letter
const latexProducts: Readonly<Record<string, string>> = { Gv: 'Gv', Jv: 'Jv', Jᵀu: 'J^\\top u' };

const latexBase = (base: string): string =>
  greekLetters[base] ?? latexProducts[base] ?? (/^[A-Za-z]$/.test(base) ? base : latexWord(base));

const latexAccents: Readonly<Record<Name['accent'], (base: string) => string>> = {
  none: (base) => base,
  dot: (base) => `\\dot{${base}}`,
  bar: (base) => `\\bar{${base}}`,
};

const mathIndex = (index: string): string => {
  if (index === '') return '';
  const small = [...index].map((character) => subscripts[character]);
  return small.every((character) => character !== undefined) ? small.join('') : `_${index}`;
};

const latexMarks: Readonly<Record<string, string>> = { '⁺': '+', ᶜ: '\\mathrm{c}' };

/** The name in a style. */
export const showName = (name: Name, style: Style): string => {
  const { base, index, accent, raised = '', at, piece } = name;
  if (piece !== undefined) {
    const inner = showName(piece, style);
    if (style === 'text') return `${base}.${inner}`;
    const written = style === 'latex' ? latexBase(base) : base;
    const whole = [...base].length === 1 ? written : `(${written})`;
    return style === 'math' ? `${whole}_${inner}` : `${whole}_{${inner}}`;
  }
  if (at !== undefined) {
    const inner = showName(at, style);
    return style === 'latex' ? `${latexBase(base)}'(${inner})` : `${base}′(${inner})`;
  }
  switch (style) {
    case 'text':
      return withAccent(base, accent) + (/^\d/.test(index) || index === '' ? index : `.${index}`) + raised;
    case 'math':
      return withAccent(base, accent) + mathIndex(index) + raised;
    case 'latex': {
      const letter = latexAccents[accent](latexBase(base)) + (index === '' ? '' : `_{${index.replace(/_/g, '\\_')}}`);
      // a group, so that a transpose can stand after it
      return raised === '' ? letter : `{${letter}^{${[...raised].map((mark) => latexMarks[mark] ?? mark).join('')}}}`;
    }
  }
};

/** The number of columns that a text takes on a terminal: combining accents take none. */
export const displayWidth = (text: string): number => text.replace(/\p{M}/gu, '').length;

/** The text, filled with spaces to a number of columns. */
export const padColumns = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
