// The invitation is behind the # of the link, where no server's log has it. Here it goes into its field;
// without this script it is pasted.
const code = document.getElementById('code')
if (location.hash.length > 1 && code.value === '') {
  code.value = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
}
if (code.value !== '' && code.getAttribute('aria-invalid') === null) {
  document.getElementById('code-row').hidden = true
  if (document.activeElement === document.body) document.getElementById('email').focus()
}
