/** The languages of the screen, in their own words, and the words that the API has for them. */
export const languages = [{ lang: 'en', word: 'en', text: 'English' }, { lang: 'zh-CN', word: 'zh_cn', text: '简体中文' }] as const
