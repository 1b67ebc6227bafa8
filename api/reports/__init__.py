"""Reports from events 月查、季报、半年小结、年度考核: periods, words, and pages that a person can edit."""
