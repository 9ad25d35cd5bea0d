/** Prompts to begin with; the demo model has learned every one of them. */
export const examples: readonly { readonly lang: string; readonly prompt: string }[] = [
  { lang: 'en', prompt: 'Write a short story about a robot learning to paint.' },
  { lang: 'es', prompt: 'Explica por qué el cambio climático afecta a los océanos.' },
  { lang: 'ja', prompt: '人工知能が教育に与える影響について説明してください。' },
  { lang: 'ar', prompt: 'لماذا يتغير شكل القمر؟' },
  { lang: 'fr', prompt: 'Rédige un paragraphe sur les bienfaits du vélo en ville.' },
  { lang: 'zh', prompt: '请解释什么是光合作用?' },
  { lang: 'ru', prompt: 'Какое озеро самое глубокое в мире?' },
  { lang: 'th', prompt: 'ทำไมช้างถึงมีงวง?' },
];
