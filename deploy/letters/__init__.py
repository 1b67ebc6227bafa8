"""What ``cobuild deadletters`` does: from words to letters, from letters to pages, and the desk that appends again."""
