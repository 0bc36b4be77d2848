/* A static asset: something to fetch, cache, revalidate and compress. */
'use strict';
const greeting = 'InsightSerenity';
document.addEventListener('DOMContentLoaded', () => {
  const target = document.querySelector('[data-greeting]');
  if (target) target.textContent = greeting;
});
