/** Any text as LaTeX, for a document with amsmath under any engine: what is special is escaped, symbols become commands. */

/** Greek letters by command. */
export const greekLetters: Readonly<Record<string, string>> = {
  α: '\\alpha',
  β: '\\beta',
  γ: '\\gamma',
  δ: '\\delta',
  ε: '\\varepsilon',
  ζ: '\\zeta',
  η: '\\eta',
  θ: '\\theta',
  κ: '\\kappa',
  λ: '\\lambda',
  μ: '\\mu',
  ν: '\\nu',
  ξ: '\\xi',
  π: '\\pi',
  ρ: '\\rho',
  σ: '\\sigma',
  τ: '\\tau',
  φ: '\\varphi',
  χ: '\\chi',
  ψ: '\\psi',
  ω: '\\omega',
  Γ: '\\Gamma',
  Δ: '\\Delta',
  Θ: '\\Theta',
  Λ: '\\Lambda',
  Σ: '\\Sigma',
  Φ: '\\Phi',
  Ψ: '\\Psi',
  Ω: '\\Omega',
};

const symbols: Readonly<Record<string, string>> = {
  ...greekLetters,
  ᵀ: '^\\top',
  '⁺': '^+',
  '∇': '\\nabla',
  '∂': '\\partial',
  ℓ: '\\ell',
  '×': '\\times',
  '−': '-',
  '′': "'",
};

const special: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'_&%#{}$'].map((character) => [character, `\\${character}`])),
  '\\': '\\textbackslash{}',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '…': '\\ldots{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '›': '\\textgreater{}',
};

/** A text in the text mode of LaTeX, on one line. */
export const latexText = (text: string): string =>
  [...text.replace(/\s+/g, ' ')]
    .map((character) => {
      const symbol = symbols[character];
      return special[character] ?? (symbol === undefined ? character : `$${symbol}$`);
    })
    .join('');

/** A word in the math mode of LaTeX, upright: letters and digits as such, anything else as a text. */
export const latexWord = (word: string): string =>
  /^[A-Za-z0-9]*$/.test(word) ? `\\mathrm{${word}}` : `\\text{${latexText(word)}}`;
