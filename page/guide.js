// Which mode to take: the rules of guide.json, of which the first that holds is taken. The figures
// are of the project's rows, as docs/choose.md has them: guide_figures.json is generated.
'use strict';

const ADVICE_PARTS = {mode: 'Mode', tls: 'TLS', relay: 'Relay', buffers: 'Buffers'};

function guideAnswers(form) {
  return Object.fromEntries(GUIDE.questions.map(({name}) => [name, form.elements[`needs-${name}`].value]));
}

function firstRule(rules, answers) {
  return rules.find(({when}) =>
    Object.entries(when).every(([name, values]) => values.includes(answers[name])));
}

/// "`socket` by `cluster`" with its names as code.
function withCode(text) {
  return text.split('`').map((part, index) => index % 2 ? element('code', {}, part) : part);
}

function drawAdvice(form, holder) {
  const answers = guideAnswers(form);
  const mode = firstRule(GUIDE.rules.mode, answers);
  const parts = Object.entries(ADVICE_PARTS).filter(([part]) =>
    part === 'mode' || (part === 'relay' ? mode.take === 'passthru' : mode.take !== 'nothing here'));
  holder.replaceChildren(...parts.map(([part, title]) => {
    const rule = part === 'mode' ? mode : firstRule(GUIDE.rules[part], answers);
    const lines = rule.figures.map(([name]) => {
      const {what, figure, shown} = GUIDE_FIGURES[name];
      return element('li', {}, ...withCode(what), ': ', element('b', {}, figure),
          shown ? ` (${shown})` : '');
    });
    return element('div', {class: 'advice'},
        element('h3', {}, `${title}: `, element('code', {}, rule.take)),
        element('p', {}, ...withCode(rule.why)), lines.length ? element('ul', {}, ...lines) : '');
  }));
}

function drawGuide(form, holder, limits) {
  form.replaceChildren(...GUIDE.questions.map(({name, text, answers}) =>
    element('label', {}, `${text} `, element('select', {name: `needs-${name}`},
        ...answers.map(({value, text: answer}) => new Option(answer, value))))));
  limits.append(element('ul', {}, ...GUIDE.limits.map((line) =>
    element('li', {}, ...withCode(line)))));
  form.addEventListener('change', () => drawAdvice(form, holder));
  form.addEventListener('submit', (event) => event.preventDefault());
  drawAdvice(form, holder);
}
