// The current page stands in the middle of the sidebar, not somewhere below its end.
addEventListener('DOMContentLoaded', () => {
  const box = document.querySelector('.sidebar-scroll'), now = document.querySelector('.sidebar-tree .current-page');
  if (box && now) box.scrollBy({top: now.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight/2, behavior: 'instant'});
});
